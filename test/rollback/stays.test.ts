import { afterEach, beforeEach, expect, it } from 'vitest';
import { readGroup, setCapacity, setTemplate, suspendProcesses } from '../../src/aws/groups.ts';
import { replay } from '../../src/engine/journal.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import type { RollbackState } from '../../src/rollback/state.ts';
import { abort } from '../../src/runner/abort.ts';
import { readStatus } from '../../src/status/read.ts';
import { runnerOfTest } from '../runner/support/runner-context.ts';
import { readSnapshot } from '../simulation/support/snapshot.ts';
import { die } from '../support/dying.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;
beforeEach(async () => {
  world = await Simulated.create([['verifySeconds: 5,', 'verifySeconds: 1,']]);
  for (let n = 1; n <= 2; n++) {
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  }
}, 60_000);
afterEach(() => world?.close());

const rollTo = (version: string) =>
  planRollback(world.services, world.clock, { version, force: false, method: 'rolling' });

/** Where the fleet is, for a run that went to v1; the ledger knows that v2 was left. */
async function expectOnOld(state: RollbackState): Promise<void> {
  const { names } = world.fleet;
  const group = await readGroup(world.aws.autoScaling, names.group);
  expect(group.launchTemplate.version).toBe(state.templateVersion);
  expect(new Set(group.instances.map((one) => one.templateVersion))).toEqual(new Set([state.templateVersion]));
  const status = await readStatus(world.services);
  expect(status.version).toBe('v1');
  expect(new Set(status.instances.map((one) => one.version))).toEqual(new Set(['v1']));
  const { ledger, fleet } = world.services;
  expect((await ledger.release(fleet.app, 'v2'))?.rolledBackAt).toEqual(expect.any(String));
}

it('a failure in the verify window of a rollback is reported with its evidence, and the fleet stays on the old version', async () => {
  const plan = await rollTo('v1');
  expect(plan.described.verify?.join()).toContain('the fleet stays on v1');
  // What v1 needs is down, as for v2.
  world.answers.to = () => ({ status: 503, body: 'no database' });
  const result = await world.run(plan);
  expect(result).toMatchObject({
    outcome: 'manual-intervention',
    error: {
      code: 'verify.failed',
      fix: expect.stringContaining('the fleet stays on v1'),
      details: expect.arrayContaining([expect.stringContaining('503')]),
    },
    leftovers: [expect.stringContaining('Verify the fleet')],
    state: { evidence: { phase: 'verify', version: 'v1' } },
  });
  await expectOnOld(result.state);
}, 60_000);

it('instances that do not become healthy after the refresh of a rollback undo nothing', async () => {
  const plan = await rollTo('v1');
  const { autoScaling } = world.aws;
  const { group } = world.fleet.names;
  const grow = plan.steps.map((step) =>
    step.id !== 'roll'
      ? step
      : {
          ...step,
          run: async (context: Parameters<typeof step.run>[0]) => {
            await step.run(context);
            await suspendProcesses(autoScaling, group, ['AddToLoadBalancer']);
            await setCapacity(autoScaling, group, { desired: 5 });
          },
        },
  );
  const result = await world.run({ ...plan, steps: grow });
  expect(result).toMatchObject({
    outcome: 'manual-intervention',
    error: { code: 'roll.not-serving', message: expect.stringContaining('v1 is on every instance') },
    leftovers: [expect.stringContaining('Confirm that the old version serves')],
  });
  await expectOnOld(result.state);
}, 60_000);

it('abort completes a rollback whose process was killed once every instance was replaced, while its version serves', async () => {
  const { services, clock } = world;
  const { version: before } = (await readGroup(world.aws.autoScaling, world.fleet.names.group)).launchTemplate;
  const crashed = await die(world, await rollTo('v1'), { at: 'roll', how: 'finished' });
  const runner = runnerOfTest(clock, 'pipeline abort api');
  // Somebody has gone back to v2 meanwhile: that is not undone, nor is v2 recorded as rolled back.
  const { autoScaling } = world.aws;
  const { name, launchTemplate: template } = await readGroup(autoScaling, world.fleet.names.group);
  await setTemplate(autoScaling, name, { id: template.id, version: before });
  expect(await abort(runner, services, 'abort')).toMatchObject({ run: { outcome: 'manual-intervention' } });
  expect(runner.messages).toContainEqual({
    code: 'undo.leftover',
    leftover: expect.stringMatching(/api-local is on v2 by now, not on v1.*pipeline abort api tries it again/),
  });
  expect((await services.ledger.release('api', 'v2'))?.rolledBackAt).toBeUndefined();
  await setTemplate(autoScaling, name, template);
  await clock.sleep(1000);
  expect(await abort(runner, services, 'abort')).toMatchObject({ run: { id: crashed.id, outcome: 'interrupted' } });
  expect(runner.messages).toContainEqual(expect.objectContaining({ code: 'undo.kept' }));
  const { state } = replay(await services.ledger.journal(crashed.id));
  await expectOnOld(state as unknown as RollbackState);
  expect((await readSnapshot(world)).defaultImage).toMatch(/-v1$/);
}, 60_000);

it('a rollback that fails before every instance is replaced returns to the version it came from', async () => {
  const result = await world.run(failingAfter(await rollTo('v1'), 'roll'));
  expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
  expect(await readStatus(world.services)).toMatchObject({ version: 'v2', healthy: 4 });
  const { ledger, fleet } = world.services;
  expect((await ledger.release(fleet.app, 'v2'))?.rolledBackAt).toBeUndefined();
}, 60_000);
