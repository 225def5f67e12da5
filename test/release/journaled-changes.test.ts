import type { EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { tagKeys } from '../../src/aws/tags.ts';
import { execute } from '../../src/engine/execute.ts';
import { replay } from '../../src/engine/journal.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { Plan } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planPin } from '../../src/retention/plan-pin.ts';
import { planPrune } from '../../src/retention/plan-prune.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;
let services: Services;
/** Changes that the journal knows the intent of, and not yet the outcome. */
let open = 0;
/** Calls that change the cloud and belong to no such change. */
const astray: string[] = [];

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  services = world.services;
  for (const client of Object.values(services.aws)) {
    (client.middlewareStack as EC2Client['middlewareStack']).add(
      (next, context) => async (args) => {
        const command = context.commandName ?? '';
        const reads = /^(Describe|Get)/.test(command) || (args.input as { DryRun?: boolean }).DryRun === true;
        if (!reads && open === 0) astray.push(command);
        return next(args);
      },
      { step: 'initialize', name: 'journaled' },
    );
  }
  expect((await run(await planRelease(services, world.clock, {}))).outcome).toBe('done');
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => {
  expect(astray.splice(0)).toEqual([]);
});

/** Runs a plan to its end, and gives what its journal says was changed. */
async function run<State>(plan: Plan<Services, State>) {
  const runId = createRunId(world.clock);
  const { outcome } = await execute(plan, {
    services,
    clock: world.clock,
    sink: ({ code }) => {
      if (code === 'change.intent') open++;
      if (code === 'change.outcome') open--;
    },
    journal: services.ledger,
    runId,
    signal: new AbortController().signal,
  });
  return { outcome, changes: [...replay(await services.ledger.journal(runId)).changes.values()] };
}

it('a release, also one that is undone after its last step, journals each change of the cloud', async () => {
  const undone = await run(failingAfter(await planRelease(services, world.clock, {}), 'roll'));
  expect(undone.outcome).toBe('rolled-back');
  const tagged = undone.changes.filter((one) => one.action === 'tag-host');
  expect(tagged.map(({ data, undoing }) => [data.version, undoing])).toEqual([['v2', false]]);
  expect((await run(await planRelease(services, world.clock, {}))).outcome).toBe('done');
  expect(astray).toEqual([]);
}, 60_000);

it('an event and its end journal each change of the cloud', async () => {
  services.fleet.scale.warmPool = 'Running';
  const at = world.clock.now() + 3_600_000;
  const plan = await planScale(services, world.clock, { to: 6, at });
  expect((await run(failingAfter(plan, 'schedule'))).outcome).toBe('rolled-back');
  services.fleet.scale.warmPool = undefined;
  expect((await run(await planScale(services, world.clock, { to: 6 }))).outcome).toBe('done');
  expect((await run(failingAfter(await planScaleCancel(services, world.clock), 'cancel'))).outcome).toBe('rolled-back');
  expect((await run(await planScaleCancel(services, world.clock))).outcome).toBe('done');
  expect(astray).toEqual([]);
}, 60_000);

it('an in-place rollback and its undo journal each change of the cloud', async () => {
  const inPlace = async () => planRollback(services, world.clock, { version: 'v1', force: false, method: 'in-place' });
  const undone = await run(failingAfter(await inPlace(), 'switch-in-place'));
  expect(undone.outcome).toBe('rolled-back');
  const tags = undone.changes.filter((one) => one.action === 'tag-hosts').map((one) => one.data.tags);
  expect(tags).toEqual([
    { [tagKeys.switched]: expect.any(String) },
    { [tagKeys.version]: 'v1' },
    { [tagKeys.version]: 'v3' },
  ]);
  expect((await run(await inPlace())).outcome).toBe('done');
  expect(astray).toEqual([]);
}, 60_000);

it('pinning, unpinning and pruning images journal each change of the cloud', async () => {
  expect((await run(await planPin(services, world.clock, { version: 'v1' }))).outcome).toBe('done');
  expect((await run(await planPrune(services, world.clock, { force: false }))).outcome).toBe('done');
  expect(astray).toEqual([]);
}, 60_000);
