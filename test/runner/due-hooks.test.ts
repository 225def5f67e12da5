import type { Clock } from '@golden-pipeline/shared/clock';
import { expect, it } from 'vitest';
import { releaseOperation } from '../../src/release/operation.ts';
import type { AfterEnd } from '../../src/runner/after-end.ts';
import { preempt } from '../../src/runner/preempt.ts';
import { recoverRun } from '../../src/runner/recover.ts';
import { recoverFirst } from '../../src/runner/recover-first.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { fleetWithHooks } from './support/fleet-with-hooks.ts';
import { runnerOfTest } from './support/runner-context.ts';

const fleet = fleetWithHooks();
const { told, planned, crashed, runner } = fleet;

/** Undoes a crashed release for a rollback whose process is killed before the hooks. @returns what that process would have done */
async function killedBeforeHooks(): Promise<{ id: string; rest: AfterEnd[] }> {
  const record = await crashed();
  const rest: AfterEnd[] = [];
  await recoverRun({ ...runner(), afterEnds: rest }, fleet.world.services, record);
  return { id: record.id, rest };
}

it('hooks that a killed rollback has not begun run before the next release, and once', async () => {
  const { id, rest } = await killedBeforeHooks();
  expect(rest).toHaveLength(1);
  await recoverFirst(runner(), fleet.world.services, releaseOperation, { dryRun: true });
  expect(await told()).toEqual([]);
  await recoverFirst(runner(), fleet.world.services, releaseOperation);
  expect(await told()).toHaveLength(1);
  expect((await fleet.world.services.ledger.run(id))?.endHooks).toBe(true);
  await recoverFirst(runner(), fleet.world.services, releaseOperation);
  expect(await rest[0]?.()).toEqual([]);
  expect(await told()).toHaveLength(1);
}, 60_000);

it('hooks that are due are not run once a later release was done', async () => {
  await killedBeforeHooks();
  const plan = await planned();
  await runOperation(runner(), { operation: releaseOperation, services: fleet.world.services, plan });
  await recoverFirst(runner(), fleet.world.services, releaseOperation);
  expect(await told()).toEqual([]);
}, 60_000);

it('hooks are not begun where the record cannot say so', async () => {
  const { id, rest } = await killedBeforeHooks();
  const [afterEnd] = rest;
  const { ledger } = fleet.world.services;
  const { updateRun } = ledger;
  ledger.updateRun = () => Promise.reject(new Error('no connection'));
  try {
    expect(await afterEnd?.()).toEqual([`the hooks of the end of run ${id} are not run, and due: no connection`]);
  } finally {
    ledger.updateRun = updateRun;
  }
  expect(await told()).toEqual([]);
  await afterEnd?.();
  expect(await told()).toHaveLength(1);
}, 60_000);

it('the time that an undo takes is without the hooks of its end', async () => {
  let late = 0;
  const { clock } = fleet.world;
  const hooksTakeLong: Clock = {
    now: () => clock.now() + late,
    after: (...given) => clock.after(...given),
    sleep: (...given) => clock.sleep(...given),
  };
  const own = runnerOfTest(hooksTakeLong, 'pipeline abort api');
  own.onMessage = ({ code }) => {
    if (code === 'run.after-end') late = 86_400_000;
  };
  const ended = await preempt(own, fleet.world.services, { run: await crashed() }, 'pipeline abort');
  expect(late).toBeGreaterThan(0);
  expect(ended?.seconds).toBeLessThan(86_400);
}, 60_000);
