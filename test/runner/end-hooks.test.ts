import { writeFile } from 'node:fs/promises';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { expect, it } from 'vitest';
import type { RunRecord } from '../../src/ledger/types.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { withHooksLast } from '../../src/runner/after-end.ts';
import { recoverRun } from '../../src/runner/recover.ts';
import { recoverFirst } from '../../src/runner/recover-first.ts';
import { rollBack } from '../../src/runner/roll-back.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { die } from '../support/dying.ts';
import { failingAfter } from '../support/simulated.ts';
import { fleetWithHooks } from './support/fleet-with-hooks.ts';
import { type RunnerOfTest, runnerOfTest } from './support/runner-context.ts';

const fleet = fleetWithHooks();
const { tell, file, told, planned, crashed, runner } = fleet;

/** Who has the lock whenever a hook reports something. */
function holders(own: RunnerOfTest): Promise<unknown>[] {
  const all: Promise<unknown>[] = [];
  own.onMessage = ({ code }) => code === 'run.after-end' && all.push(fleet.world.services.ledger.lockOf('api'));
  return all;
}

it('the hooks of a failed release run once its lock is free', async () => {
  const own = runner();
  const held = holders(own);
  const plan = failingAfter(await planned(), 'bake');
  await runOperation(own, { operation: releaseOperation, services: fleet.world.services, plan });
  expect(await told()).toHaveLength(1);
  expect([...new Set(await Promise.all(held))]).toEqual([undefined]);
}, 60_000);

it('the hooks of a crashed release run once the lock is free, and the record has that before', async () => {
  const own = runner();
  const held = holders(own);
  const { run } = await recoverRun(own, fleet.world.services, await crashed());
  expect(run.endHooks).toBe(true);
  expect(await told()).toHaveLength(1);
  expect([...new Set(await Promise.all(held))]).toEqual([undefined]);
}, 60_000);

it('the hooks of a crashed release wait for what is urgent, whose error is reported before them', async () => {
  const record = await crashed();
  const own = runner();
  const work = withHooksLast(own, async (urgent) => {
    expect((await recoverRun(urgent, fleet.world.services, record)).run.endHooks).toBe('due');
    expect(await told()).toEqual([]);
    throw new PipelineError('test.broken', 'on purpose');
  });
  await expect(work).rejects.toThrow('on purpose');
  expect(await told()).toHaveLength(1);
  const lines = own.messages.flatMap((one) => (one.code === 'run.after-end' ? [one.line] : []));
  expect(lines.slice(0, 2)).toEqual(['error: on purpose', 'on-failure: ./tell']);
  expect((await fleet.world.services.ledger.run(record.id))?.endHooks).toBe(true);
}, 60_000);

it('the hooks of a crashed release run before the release that it was undone for', async () => {
  await crashed();
  await recoverFirst(runner(), fleet.world.services, releaseOperation);
  expect(await told()).toHaveLength(1);
  expect((await fleet.world.run(await planned())).outcome).toBe('done');
  expect(await told()).toHaveLength(1);
}, 60_000);

it('the first Ctrl-C stops a hook of a crashed release, and the record has that as a warning', async () => {
  fleet.world.fleet.release.hooks = [{ at: 'on-failure', run: { command: ['sleep', '300'], timeoutSeconds: 300 } }];
  const own = runner();
  own.onMessage = ({ code }) => code === 'run.after-end' && own.signals.emit('SIGINT');
  const { run } = await recoverRun(own, fleet.world.services, await crashed());
  expect(own.exits).toEqual([]);
  expect((await fleet.world.services.ledger.run(run.id))?.warnings).toEqual([expect.stringMatching(/^on-failure: /)]);
}, 60_000);

it('hooks that a Ctrl-C finds waiting are not begun, and are one warning', async () => {
  const slow = { command: ['sleep', '300'], timeoutSeconds: 300 };
  fleet.world.fleet.release.hooks = [slow, tell, tell].map((run) => ({ at: 'on-failure', run }));
  const own = runner();
  own.onMessage = ({ code }) => code === 'run.after-end' && own.signals.emit('SIGINT');
  const { run } = await recoverRun(own, fleet.world.services, await crashed());
  expect(await told()).toEqual([]);
  expect((await fleet.world.services.ledger.run(run.id))?.warnings).toEqual([
    'on-failure: `sleep 300` was stopped',
    'on-failure: not run: ./tell, ./tell',
  ]);
}, 60_000);

it.each([
  ['runs the hooks of one whose own process has not, as it had lost the lock', {}, 1],
  ['runs no hooks of one whose own process has', { endHooks: true }, 0],
] as const)(
  'an undo of a run that requires manual intervention %s',
  async (_what, facts, times) => {
    const record: RunRecord = { ...(await crashed()), ...facts, outcome: 'manual-intervention' };
    await fleet.world.services.ledger.saveRun(record);
    const { run } = await recoverRun(runner(), fleet.world.services, record);
    expect(run.outcome).toBe('interrupted');
    expect(await told()).toHaveLength(times);
  },
  60_000,
);

it('a process that loses the lock while it undoes a crashed release neither records its end nor runs its hooks', async () => {
  const record = await crashed();
  const { ledger } = fleet.world.services;
  const lost = new AbortController();
  const services = {
    ...fleet.world.services,
    ledger: {
      ...ledger,
      lock: async (...given: Parameters<typeof ledger.lock>) => {
        const held = await ledger.lock(...given);
        return { ...held, record: held.record, lost: lost.signal };
      },
    },
  };
  const own = runner();
  own.onMessage = ({ code }) => code === 'undo.started' && lost.abort(new PipelineError('lock.lost', 'bob has it'));
  await expect(recoverRun(own, services, record)).rejects.toMatchObject({ code: 'lock.lost' });
  expect((await ledger.run(record.id))?.outcome).toBeUndefined();
  expect(await told()).toEqual([]);
  await recoverRun(runner(), fleet.world.services, record);
  expect(await told()).toHaveLength(1);
}, 60_000);

it('a release that stands runs no on-failure when something after its verification fails', async () => {
  const plan = failingAfter(await planned(), 'retain');
  const { committed } = await runOperation(runner(), {
    operation: releaseOperation,
    services: fleet.world.services,
    plan,
  });
  expect(committed).toBe(true);
  expect(await told()).toEqual([]);
}, 60_000);

it('on-rollback runs where the end of a crashed release was enough, after on-failure of that', async () => {
  const plan = await planned();
  const { version } = plan.initial;
  const before = plan.initial.current.version;
  await die(fleet.world, plan, { at: 'roll', how: 'finished' });
  const { by } = await rollBack(runner(), fleet.world.services, { force: false });
  expect(by).toBe('preemption');
  expect(await told()).toEqual([
    `on-failure release ${version} from ${before}`,
    `on-rollback fast-rollback ${before} from ${version}`,
  ]);
}, 60_000);

it('a rollback that the end of a release was enough for is done, with its hooks, where its release cannot be read', async () => {
  const plan = await planned();
  await die(fleet.world, plan, { at: 'roll', how: 'finished' });
  const { ledger } = fleet.world.services;
  const own = runner();
  let unreadable = false;
  own.onMessage = ({ code }) => {
    unreadable ||= code === 'undo.started';
  };
  const release: typeof ledger.release = (...given) =>
    unreadable ? Promise.reject(new Error('no connection')) : ledger.release(...given);
  const services = { ...fleet.world.services, ledger: { ...ledger, release } };
  expect((await rollBack(own, services, { force: false })).by).toBe('preemption');
  expect(await told()).toContain(
    `on-rollback fast-rollback ${plan.initial.current.version} from ${plan.initial.version}`,
  );
}, 60_000);

it('an undo goes by the record as it is under the lock: hooks that were begun meanwhile do not run again', async () => {
  const read: RunRecord = { ...(await crashed()), outcome: 'manual-intervention' };
  const error = { code: 'test.broken', message: 'on purpose', details: [] };
  await fleet.world.services.ledger.saveRun({ ...read, endHooks: true, warnings: ['on-failure: broken'], error });
  const { run } = await recoverRun(runner(), fleet.world.services, read);
  expect(run).toMatchObject({ outcome: 'interrupted', endHooks: true, warnings: ['on-failure: broken'], error });
  expect(await told()).toEqual([]);
}, 60_000);

it('a release that has ended, with a hook that nobody knows any more, is recorded without the hooks of its end', async () => {
  const plan = failingAfter(await planned(), 'bake');
  const { facts } = await runOperation(runner(), { operation: releaseOperation, services: fleet.world.services, plan });
  const {
    outcome: _,
    finishedAt: __,
    endHooks: ___,
    ...open
  } = (await fleet.world.services.ledger.run(facts.run ?? '')) as RunRecord;
  await fleet.world.services.ledger.saveRun(open);
  await writeFile(file('told'), '');
  const hooks = () => Promise.reject(new PipelineError('task.unknown', 'there is no task purge'));
  const own = runnerOfTest(fleet.world.clock, 'pipeline abort api', {
    project: { hooks, task: async () => undefined },
  });
  const { run } = await recoverRun(own, fleet.world.services, open);
  expect(run.outcome).toBe('rolled-back');
  expect(own.messages).toContainEqual({
    code: 'run.after-end',
    line: `warning: what is due after the end of run ${run.id} is not done: there is no task purge`,
  });
  expect(await told()).toEqual([]);
}, 60_000);
