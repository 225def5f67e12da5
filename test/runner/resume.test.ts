import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readGroup, setTemplate } from '../../src/aws/groups.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import { rollbackOperation } from '../../src/rollback/operation.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { abort } from '../../src/runner/abort.ts';
import { type Continuation, planContinuation } from '../../src/runner/continuation.ts';
import { recoverRun } from '../../src/runner/recover.ts';
import { recoverFirst } from '../../src/runner/recover-first.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { findSameCommand } from '../../src/runner/same-command.ts';
import { readStatus } from '../../src/status/read.ts';
import { type Death, die } from '../support/dying.ts';
import { everyVersion, failingAfter, Simulated } from '../support/simulated.ts';
import { runnerOfTest } from './support/runner-context.ts';

let world: Simulated;
const runner = () => runnerOfTest(world.clock, 'pipeline resume api');
const plan = (id?: string) => planContinuation(runner(), world.services, id);

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  for (const _ of [1, 2]) expect((await release()).outcome).toBe('done');
}, 60_000);
afterAll(() => world?.close());
afterEach(async () => {
  world.cloud.faults.clear();
  world.answers.to = everyVersion;
  await abort(runner(), world.services, 'the end of a test');
}, 60_000);

async function release(id?: string) {
  const planned = await planRelease(world.services, world.clock, {});
  const { result } = await runOperation(runnerOfTest(world.clock, 'pipeline release api'), {
    operation: releaseOperation,
    services: world.services,
    plan: id === undefined ? planned : failingAfter(planned, id),
  });
  return result;
}
const dies = async (death: Death) => die(world, await planRelease(world.services, world.clock, {}), death);
const newest = async () => (await world.services.ledger.runs('api', 1))[0];

async function resume({ run, operation, journal, check, plan: planned }: Continuation) {
  const continues = { run, journal, check };
  return (await runOperation(runner(), { operation, services: world.services, plan: planned, continues })).result;
}

/** Versions of the instances, and the settings that a run changes for a while. */
async function fleetNow() {
  const { aws, fleet } = world.services;
  const { version, instances } = await readStatus(world.services);
  const { min, desired, suspended } = await readGroup(aws.autoScaling, fleet.names.group);
  return {
    version,
    serving: [...new Set(instances.map((one) => `${one.version} ${one.lifecycle}`))],
    min,
    desired,
    suspended,
  };
}
const whole = (version: string) => ({ version, serving: [`${version} InService`], min: 4, desired: 4, suspended: [] });

describe('resume of a crashed release', () => {
  it('says what there is of each step, and goes on with the first one that is not finished', async () => {
    const { id } = await dies({ at: 'launch-validation-instance', how: 'made' });
    const found = await plan(id);
    expect(found.direction).toBe('forward');
    expect(found.found).toEqual(['preflight: done', 'stage: done', 'detach: done', 'bake: done', 'validate: begun']);
    const result = await resume(found);
    expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
    expect(await newest()).toMatchObject({ id, outcome: 'done', version: result.state.version });
    expect(await fleetNow()).toEqual(whole(String(result.state.version)));
  }, 60_000);

  it('says how far image and refresh are', async () => {
    await dies({ at: 'create-image', how: 'made' });
    expect((await plan()).found.at(-1)).toBe('bake: begun');
    await abort(runner(), world.services, 'the next one');
    await dies({ at: 'start-refresh', how: 'made' });
    expect((await plan()).found.at(-1)).toMatch(/^roll: instance refresh .* is (Pending|InProgress) \(\d+ %/);
  }, 60_000);

  it('is undone when it fails again, and only backwards from then on', async () => {
    const { id } = await dies({ at: 'register-target', how: 'made' });
    const { version } = await readStatus(world.services);
    world.answers.to = () => ({ status: 500, body: '' });
    expect((await resume(await plan(id))).outcome).toBe('rolled-back');
    await expect(plan(id)).rejects.toMatchObject({
      code: 'resume.ended',
      fix: 'run the command again: pipeline release api',
    });
    expect(await fleetNow()).toEqual(whole(String(version)));
  }, 60_000);

  it('is refused when another process has continued it meanwhile', async () => {
    const { id } = await dies({ at: 'create-image', how: 'made' });
    const planned = await plan(id);
    await abort(runner(), world.services, 'somebody else');
    await expect(resume(planned)).rejects.toMatchObject({ code: 'resume.changed', outcome: 'locked' });
    expect(await newest()).toMatchObject({ id, outcome: 'interrupted' });
  }, 60_000);

  it('is refused when somebody has rolled back while a question was open', async () => {
    await dies({ at: 'reserve-version', how: 'made' });
    const planned = await plan();
    const { result } = await runOperation(runnerOfTest(world.clock, 'pipeline fast-rollback api'), {
      operation: rollbackOperation,
      services: world.services,
      plan: await planRollback(world.services, world.clock, { force: true, method: 'rolling' }),
    });
    expect(result.outcome).toBe('done');
    await expect(resume(planned)).rejects.toMatchObject({ code: 'resume.changed' });
    expect(await fleetNow()).toEqual(whole(result.state.version));
  }, 60_000);

  it('has nothing to do when only its record was not written any more', async () => {
    const { id } = await dies({ at: 'create-image', how: 'made' });
    const { ledger } = world.services;
    const crashed = await ledger.run(id);
    await abort(runner(), world.services, 'the end');
    if (crashed) await ledger.saveRun(crashed);
    await expect(plan(id)).rejects.toMatchObject({ code: 'resume.ended' });
    expect((await abort(runner(), world.services, 'once more'))?.run).toMatchObject({ id, outcome: 'interrupted' });
  }, 60_000);

  it('is refused when the group has another image by now', async () => {
    await dies({ at: 'create-image', how: 'made' });
    const { aws, fleet } = world.services;
    const { name, launchTemplate } = await readGroup(aws.autoScaling, fleet.names.group);
    await setTemplate(aws.autoScaling, name, { id: launchTemplate.id, version: '2' });
    await expect(plan()).rejects.toMatchObject({
      code: 'resume.impossible',
      outcome: 'usage',
      message: expect.stringContaining('by now, which is not of this run'),
    });
    await setTemplate(aws.autoScaling, name, launchTemplate);
  }, 60_000);

  it('is refused when its commit is missing', async () => {
    const { id } = await dies({ at: 'create-image', how: 'made' });
    const { ledger } = world.services;
    const without = {
      ...world.services,
      ledger: {
        ...ledger,
        journal: async (run: string) =>
          (await ledger.journal(run)).map((entry) => {
            const one = entry as { type: string; state: object };
            return one.type === 'run.started' ? { ...one, state: { ...one.state, commit: 'f'.repeat(40) } } : entry;
          }),
      },
    };
    await expect(planContinuation(runner(), without, id)).rejects.toMatchObject({
      code: 'resume.impossible',
      message: expect.stringContaining('commit ffffffffffff is not in'),
    });
  }, 60_000);
});

describe('a run that requires manual intervention', () => {
  it('is finished backwards once its undo has begun, by resume', async () => {
    const before = await fleetNow();
    world.cloud.faults.add({ kind: 'error', operation: 'TerminateInstances', code: 'UnauthorizedOperation' });
    const failed = await release();
    expect(failed.outcome).toBe('manual-intervention');
    world.cloud.faults.clear();
    const found = await plan();
    expect(found.direction).toBe('backward');
    const { run } = await recoverRun(runner(), world.services, found.run);
    expect(run.outcome).toBe('interrupted');
    expect(await newest()).toMatchObject({ id: run.id, outcome: 'interrupted' });
    expect(await fleetNow()).toEqual(before);
  }, 60_000);

  it('is undone once more by the next release, which goes on where that fails again', async () => {
    world.cloud.faults.add({ kind: 'error', operation: 'TerminateInstances', code: 'UnauthorizedOperation' });
    expect((await release()).outcome).toBe('manual-intervention');
    const first = runner();
    await recoverFirst(first, world.services, releaseOperation);
    expect(first.messages.map(({ code }) => code)).toContain('undo.leftover');
    world.cloud.faults.clear();
    const second = runner();
    await recoverFirst(second, world.services, releaseOperation);
    expect(second.messages.map(({ code }) => code)).not.toContain('undo.leftover');
    expect((await newest())?.outcome).toBe('interrupted');
    const third = runner();
    await recoverFirst(third, world.services, releaseOperation);
    expect(third.messages).toEqual([]);
  }, 60_000);

  it('is continued forwards where nothing was undone: a rollback that did not serve at first', async () => {
    const planned = await planRollback(world.services, world.clock, { force: true, method: 'rolling' });
    const serves = everyVersion;
    const { result } = await runOperation(runnerOfTest(world.clock, 'pipeline fast-rollback api'), {
      operation: rollbackOperation,
      services: world.services,
      plan: failingAfter(planned, 'confirm-serving'),
    });
    expect(result).toMatchObject({ outcome: 'manual-intervention' });
    world.answers.to = serves;
    const found = await plan();
    expect(found.direction).toBe('forward');
    expect(found.found).toContain('roll: done');
    expect(await resume(found)).toMatchObject({ outcome: 'done', leftovers: [] });
    expect(await fleetNow()).toEqual(whole(planned.initial.version));
  }, 60_000);
});

describe('the command of an unfinished run', () => {
  const command = 'pipeline fast-rollback api';
  const same = () => findSameCommand(runnerOfTest(world.clock, command), world.services, rollbackOperation);
  const rollback = () => planRollback(world.services, world.clock, { force: true, method: 'rolling' });

  it('continues a rollback while instances are replaced', async () => {
    expect((await release()).outcome).toBe('done');
    const { id } = await die(world, await rollback(), { at: 'start-refresh', how: 'made' }, command);
    const unfinished = await same();
    expect(unfinished?.run.id).toBe(id);
    expect((await resume(unfinished as Continuation)).outcome).toBe('done');
    expect(await same()).toBeUndefined();
  }, 60_000);

  it('asks for another version once the one of the rollback is on every instance, and does not serve', async () => {
    expect((await release()).outcome).toBe('done');
    const { result } = await runOperation(runnerOfTest(world.clock, command), {
      operation: rollbackOperation,
      services: world.services,
      plan: failingAfter(await rollback(), 'confirm-serving'),
    });
    expect(result.outcome).toBe('manual-intervention');
    expect(await same()).toBeUndefined();
    // Nothing of it is to be undone, and its record stays what it is.
    expect(await abort(runner(), world.services, 'a test')).toBeUndefined();
    expect((await newest())?.outcome).toBe('manual-intervention');
    expect((await resume(await plan())).outcome).toBe('done');
  }, 60_000);
});

describe('resume of what cannot be continued', () => {
  it('names the run that is done, unknown, or obsolete', async () => {
    await expect(plan()).rejects.toMatchObject({ code: 'resume.nothing', outcome: 'usage' });
    await expect(plan('20260101T000000-none')).rejects.toMatchObject({ code: 'resume.nothing' });
    const crashed = await dies({ at: 'reserve-version', how: 'made' });
    expect((await release()).outcome).toBe('done');
    await expect(plan(crashed.id)).rejects.toMatchObject({
      code: 'resume.obsolete',
      fix: 'run the command again: pipeline release api',
    });
    await expect(plan((await newest())?.id)).rejects.toMatchObject({ code: 'resume.ended' });
  }, 60_000);

  it('waits for no active run', async () => {
    const lock = await world.services.ledger.lock('api', { command: 'pipeline release api' });
    try {
      await expect(plan()).rejects.toMatchObject({ code: 'resume.active', outcome: 'locked' });
    } finally {
      await lock.release();
    }
  });
});
