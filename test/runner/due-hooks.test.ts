import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { LocalHook } from '../../src/config/schema/hooks.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { AfterEnd } from '../../src/runner/after-end.ts';
import { preempt } from '../../src/runner/preempt.ts';
import { recoverRun } from '../../src/runner/recover.ts';
import { recoverFirst } from '../../src/runner/recover-first.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { die } from '../support/dying.ts';
import { Simulated } from '../support/simulated.ts';
import { runnerOfTest } from './support/runner-context.ts';

let world: Simulated;

const tell: LocalHook = { command: ['./tell'], timeoutSeconds: 30 };
const file = (name: string) => path.join(world.fleet.projectDir, name);
const told = async () => (await readFile(file('told'), 'utf8')).split('\n').filter(Boolean);

beforeAll(async () => {
  world = await Simulated.create();
  const script = 'echo "$PIPELINE_HOOK $PIPELINE_OPERATION $PIPELINE_VERSION from $PIPELINE_PREVIOUS" >>told\n';
  await writeFile(file('tell'), `#!/bin/sh\n${script}`);
  await chmod(file('tell'), 0o755);
  await writeFile(file('.git/info/exclude'), 'tell\ntold\n');
  for (const _ of [1, 2]) {
    expect((await world.run(await planRelease(world.services, world.clock, {}))).outcome).toBe('done');
  }
}, 60_000);
afterAll(() => world?.close());
beforeEach(async () => {
  await writeFile(file('told'), '');
  world.fleet.release.hooks = [
    { at: 'on-failure', run: tell },
    { at: 'on-rollback', run: tell },
  ];
});

const planned = () => planRelease(world.services, world.clock, {});
const crashed = async (at = 'bake') => die(world, await planned(), { at, how: 'finished' });
const runner = () => runnerOfTest(world.clock, 'pipeline abort api');
/** Undoes a crashed release for a rollback whose process is killed before the hooks. @returns what that process would have done */
async function killedBeforeHooks(): Promise<{ id: string; rest: AfterEnd[] }> {
  const record = await crashed();
  const rest: AfterEnd[] = [];
  await recoverRun({ ...runner(), afterEnds: rest }, world.services, record);
  return { id: record.id, rest };
}

it('hooks that a killed rollback has not begun run before the next release, and once', async () => {
  const { id, rest } = await killedBeforeHooks();
  expect(rest).toHaveLength(1);
  await recoverFirst(runner(), world.services, releaseOperation, { dryRun: true });
  expect(await told()).toEqual([]);
  await recoverFirst(runner(), world.services, releaseOperation);
  expect(await told()).toHaveLength(1);
  expect((await world.services.ledger.run(id))?.endHooks).toBe(true);
  await recoverFirst(runner(), world.services, releaseOperation);
  expect(await rest[0]?.()).toEqual([]);
  expect(await told()).toHaveLength(1);
}, 60_000);

it('hooks that are due are not run once a later release was done', async () => {
  await killedBeforeHooks();
  const plan = await planned();
  await runOperation(runner(), { operation: releaseOperation, services: world.services, plan });
  await recoverFirst(runner(), world.services, releaseOperation);
  expect(await told()).toEqual([]);
}, 60_000);

it('hooks are not begun where the record cannot say so', async () => {
  const { id, rest } = await killedBeforeHooks();
  const [afterEnd] = rest;
  const { ledger } = world.services;
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
  const { clock } = world;
  const hooksTakeLong: Clock = {
    now: () => clock.now() + late,
    after: (...given) => clock.after(...given),
    sleep: (...given) => clock.sleep(...given),
  };
  const own = runnerOfTest(hooksTakeLong, 'pipeline abort api');
  own.onMessage = ({ code }) => {
    if (code === 'run.after-end') late = 86_400_000;
  };
  const ended = await preempt(own, world.services, { run: await crashed() }, 'pipeline abort');
  expect(late).toBeGreaterThan(0);
  expect(ended?.seconds).toBeLessThan(86_400);
}, 60_000);
