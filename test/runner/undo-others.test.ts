import { isDeepStrictEqual } from 'node:util';
import { PipelineError } from '@golden-pipeline/shared/errors';
import fc from '@golden-pipeline/shared/testing/fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { replay } from '../../src/engine/journal.ts';
import type { Plan } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRepair } from '../../src/repair/plan.ts';
import { planPin } from '../../src/retention/plan-pin.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { answering, deleteServingImage, releaseRecorded } from '../support/drifted.ts';
import { die, NotReached } from '../support/dying.ts';
import {
  type Before,
  deeds,
  factsBefore,
  obstacles,
  refreshesGoingOn,
  type Snapshot,
  snapshot,
} from '../support/others.ts';
import { Simulated } from '../support/simulated.ts';
import { foreignTask } from '../support/simulated-hosts.ts';
import { undoPlanOf } from './support/undo-plan-of.ts';

// biome-ignore lint/suspicious/noExplicitAny: the plans of all operations, which have states of their own
type AnyPlan = Plan<any, any>;

interface Operation {
  strategy: 'rolling' | 'blue-green';
  /** What comes before the snapshot. */
  prepare?(world: Simulated): Promise<unknown>;
  plan(world: Simulated): Promise<AnyPlan>;
  /** The deed that cannot be looked at: nothing can be launched. */
  without?: string;
}

const scaling = (world: Simulated) => world.services as Services;
const inTwoHours = ({ clock }: Simulated) => clock.now() + 7_200_000;

const operations: Record<string, Operation> = {
  release: { strategy: 'rolling', plan: (world) => planRelease(world.services, world.clock, {}) },
  'release on a builder': {
    strategy: 'rolling',
    plan: (world) => planRelease(world.services, world.clock, { bake: 'builder' }),
  },
  'release that detaches first': {
    strategy: 'rolling',
    prepare: async (world) => world.playbook.plays[0]?.tasks.push(foreignTask),
    plan: (world) => planRelease(world.services, world.clock, {}),
  },
  'release by two groups': { strategy: 'blue-green', plan: (world) => planRelease(world.services, world.clock, {}) },
  'rollback by a switch': {
    strategy: 'blue-green',
    plan: (world) => planRollback(world.services, world.clock, { force: false, method: 'switch' }),
  },
  'rollback by a refresh': {
    strategy: 'rolling',
    plan: (world) => planRollback(world.services, world.clock, { force: false, method: 'rolling' }),
  },
  'rollback on the hosts': {
    strategy: 'rolling',
    plan: (world) => planRollback(world.services, world.clock, { force: false, method: 'in-place' }),
  },
  scale: { strategy: 'rolling', plan: (world) => planScale(scaling(world), world.clock, { to: 6 }) },
  'scale of two groups': {
    strategy: 'blue-green',
    plan: (world) => planScale(scaling(world), world.clock, { to: 6 }),
  },
  'scale at a time': {
    strategy: 'rolling',
    plan: (world) => planScale(scaling(world), world.clock, { to: 6, at: inTwoHours(world) }),
  },
  'end of an event': {
    strategy: 'rolling',
    prepare: async (world) => world.run(await planScale(scaling(world), world.clock, { to: 6 })),
    plan: (world) => planScaleCancel(scaling(world), world.clock),
  },
  repair: {
    strategy: 'rolling',
    prepare: deleteServingImage,
    without: 'the capacity of the group that served',
    plan: (world) => planRepair(world.services, world.clock),
  },
  pin: { strategy: 'rolling', plan: (world) => planPin(world.services, world.clock, { version: 'v1' }) },
};

/** Where the run ends: killed at a change, or failed after a step: its number, or the last one before the run's work stands. */
type Stop = { kill: number; how: 'intended' | 'made' } | { fail: number | 'late' };

const stop: fc.Arbitrary<Stop> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kill: fc.integer({ min: 1, max: 40 }), how: fc.constantFrom('intended', 'made') }),
  },
  { weight: 2, arbitrary: fc.record({ fail: fc.integer({ min: 0, max: 9 }) }) },
) as fc.Arbitrary<Stop>;

const someone = fc.record({
  deeds: fc.subarray(Object.keys(deeds)),
  obstacle: fc.option(fc.constantFrom(...Object.keys(obstacles)), { nil: undefined, freq: 3 }),
  /** Seconds until they begin, and until the undo does. */
  pauses: fc.tuple(fc.constantFrom(0, 0, 5, 60), fc.constantFrom(0, 0, 20, 200)),
});
type Someone = typeof someone extends fc.Arbitrary<infer T> ? T : never;

let world: Simulated | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function newWorld({ strategy, prepare }: Operation): Promise<Simulated> {
  await world?.close();
  const made = await Simulated.create(
    strategy === 'rolling'
      ? []
      : [['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 3000, verifySeconds: 2,"]],
    { switching: true },
  );
  world = made;
  Object.assign(made.services, {
    vcpuQuota: async () => 1000,
    identity: async () => ({ account: '000000000000', arn: 'arn:aws:iam::000000000000:user/test' }),
  });
  answering(made);
  for (const _ of [1, 2]) expect((await releaseRecorded(made)).error).toBeUndefined();
  await prepare?.(made);
  return made;
}

/** What somebody else did, and the expected state of it. */
async function perform(at: Simulated, before: Before, { deeds: names, obstacle, pauses }: Someone): Promise<Snapshot> {
  await at.clock.sleep(pauses[0] * 1000);
  const theirs: Snapshot = {};
  for (const name of names) Object.assign(theirs, await deeds[name]?.(at, before));
  if (obstacle) Object.assign(theirs, await obstacles[obstacle]?.(at, before));
  await at.clock.sleep(pauses[1] * 1000);
  return theirs;
}

/** Stops the run, lets somebody else do something, and undoes it. Undefined for a run that did not come to the stop. */
async function stopAndUndo(at: Simulated, plan: AnyPlan, where: Stop, meanwhile: () => Promise<Snapshot>) {
  const { services, clock } = at;
  if ('fail' in where) {
    const index = where.fail === 'late' ? lastUndone(plan) : where.fail % plan.steps.length;
    let theirs: Snapshot = {};
    const steps = plan.steps.map((step, position) => ({
      ...step,
      run: async (context: Parameters<typeof step.run>[0]) => {
        await step.run(context);
        if (position !== index) return;
        theirs = await meanwhile();
        throw new PipelineError('test.broken', 'broken on purpose');
      },
    }));
    const result = await at.run({ ...plan, steps });
    if ((result.error as PipelineError | undefined)?.code !== 'test.broken') return undefined;
    return { theirs, leftovers: result.leftovers, committed: plan.steps.slice(0, index).some((step) => step.commits) };
  }
  const run = await die(at, plan, { at: where.kill, how: where.how }).catch((error: unknown) => {
    if (error instanceof NotReached) return undefined;
    throw error;
  });
  if (!run) return undefined;
  const theirs = await meanwhile();
  const known = replay(await services.ledger.journal(run.id));
  // A repair keeps the image that the group launches by then, in the middle of a step.
  const { group } = known.state as { group?: string };
  const launches =
    plan.operation === 'repair' && group
      ? (await readGroup(services.aws.autoScaling, group)).launchTemplate
      : undefined;
  const committed =
    plan.steps.some((step) => step.commits && known.steps.get(step.id) === 'done') ||
    (launches !== undefined && launches.version === known.state.templateVersion);
  const undo = await undoPlanOf({ services, clock }, run);
  const signal = AbortSignal.abort(new PipelineError('run.died', 'died', { outcome: 'interrupted' }));
  const leftovers = undo ? (await at.run(undo, { runId: run.id, signal })).leftovers : [];
  return { theirs, leftovers, committed };
}

function lastUndone({ steps }: AnyPlan): number {
  const commits = steps.findIndex((step) => step.commits);
  return commits < 0 ? steps.length - 1 : Math.max(0, commits - 1);
}

/** Everything at once, after all that the run does. */
const late: [Stop, Someone] = [{ fail: 'late' }, { deeds: Object.keys(deeds), obstacle: undefined, pauses: [0, 20] }];

const pick = (from: Snapshot, keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, from[key]]));

describe('the undo of a run that stopped anywhere, after somebody else has changed the cloud', () => {
  it.each(Object.keys(operations))(
    '%s: keeps all of their changes, and undoes all of its own',
    async (name) => {
      const operation = operations[name] as Operation;
      await fc.assert(
        fc.asyncProperty(stop, someone, async (where, they) => {
          const at = await newWorld(operation);
          const before = await factsBefore(at);
          const was = await snapshot(at);
          const done = { ...they, deeds: they.deeds.filter((deed) => deed !== operation.without) };
          const ended = await stopAndUndo(at, await operation.plan(at), where, () => perform(at, before, done));
          if (!ended) return;
          const { theirs, leftovers, committed } = ended;
          // What is told to be left, or is in the way of others, is not restored; theirs is never touched.
          const whole = !committed && they.obstacle === undefined;
          const expected = whole ? { ...was, ...theirs } : theirs;
          const read = async () =>
            whole
              ? snapshot(at)
              : pick({ ...(await snapshot(at)), ...(await refreshesGoingOn(at)) }, Object.keys(theirs));
          for (let n = 0; n < 60 && !isDeepStrictEqual(await read(), expected); n++) await at.clock.sleep(5000);
          expect(await read()).toEqual(expected);
          if (whole) expect(leftovers).toEqual([]);
        }),
        {
          numRuns: Number(process.env.MODEL_RUNS ?? 3),
          examples: [late],
          interruptAfterTimeLimit: 280_000,
          endOnFailure: true,
        },
      );
    },
    300_000,
  );
});
