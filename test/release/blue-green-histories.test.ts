import { PutScalingPolicyCommand, PutScheduledUpdateGroupActionCommand } from '@aws-sdk/client-auto-scaling';
import fc from '@golden-pipeline/shared/testing/fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { readGroup, setCapacity } from '../../src/aws/groups.ts';
import { readSettings } from '../../src/fleet/group-settings.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';
import { watchWeights } from '../support/weights.ts';

type Deed =
  | { do: 'release'; failAfter?: string; grow: boolean }
  | { do: 'rollback'; failAfter?: string; method: 'auto' | 'rolling' }
  | { do: 'scale'; by: number };

const stops = fc.option(fc.constantFrom('validate', 'scale-up-idle-group', 'shift-traffic', 'promote', 'verify'), {
  nil: undefined,
});
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), failAfter: stops, grow: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('rollback' as const),
      failAfter: fc.option(fc.constantFrom('switch-traffic', 'roll'), { nil: undefined }),
      method: fc.constantFrom('auto' as const, 'rolling' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('scale' as const), by: fc.constantFrom(-1, 1, 2) }) },
);

let world: Simulated | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** What the fleet should be. */
interface Model {
  version: string;
  desired: number;
  /** Without those that a rollback went away from. */
  knownGood: string[];
}

describe('random histories of releases, failures, rollbacks and changes of size', () => {
  it("end each operation on one version, complete, with the team's settings, and without traffic to an image that was not validated", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 3, maxLength: 6 }), async (deeds) => {
        await world?.close();
        world = await Simulated.create([
          ['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 3000, verifySeconds: 2,"],
        ]);
        const violations = watchWeights(world);
        await world.run(await planRelease(world.services, world.clock, {}));
        await teamSettings(world);
        let model: Model = { version: 'v1', desired: 4, knownGood: ['v1'] };
        for (const one of deeds) {
          model = await perform(world, one, model);
          await check(world, model);
          expect(violations).toEqual([]);
        }
      }),
      { numRuns: Number(process.env.MODEL_RUNS ?? 4), interruptAfterTimeLimit: 450_000 },
    );
  }, 590_000);
});

async function teamSettings({ aws, fleet }: Simulated): Promise<void> {
  const AutoScalingGroupName = fleet.names.group;
  await aws.autoScaling.send(
    new PutScalingPolicyCommand({
      AutoScalingGroupName,
      PolicyName: 'cpu',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingConfiguration: {
        TargetValue: 50,
        PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
      },
    }),
  );
  const action = { ScheduledActionName: 'night', Recurrence: '0 3 1 1 *', MinSize: 2 };
  await aws.autoScaling.send(new PutScheduledUpdateGroupActionCommand({ AutoScalingGroupName, ...action }));
  await setCapacity(aws.autoScaling, AutoScalingGroupName, { min: 2 });
}

async function perform(at: Simulated, one: Deed, model: Model): Promise<Model> {
  const { services, clock } = at;
  if (one.do === 'scale') {
    const desired = Math.min(8, Math.max(2, model.desired + one.by));
    const { live } = await observeFleet(services);
    await setCapacity(at.aws.autoScaling, live.name, { desired });
    return { ...model, desired };
  }
  if (one.do === 'release') {
    const plan = await planRelease(services, clock, {});
    const grown = one.grow && model.desired < 8 ? growOnce(at) : undefined;
    const result = await at.run(one.failAfter === undefined ? plan : failingAfter(plan, one.failAfter));
    expect(result.leftovers).toEqual([]);
    expect(result.outcome).toBe(one.failAfter === undefined ? 'done' : 'rolled-back');
    const { version } = result.state;
    const desired = model.desired + (grown?.() ?? 0);
    // What has served a whole verify window is known-good, even if the run fails right after it.
    const good = one.failAfter === undefined || one.failAfter === 'verify' ? [version] : [];
    const knownGood = (await services.ledger.releases('api')).filter((release) => release.knownGood);
    expect(knownGood.map((release) => release.version)).toEqual(
      expect.arrayContaining(one.failAfter === undefined ? good : []),
    );
    return {
      version: one.failAfter === undefined ? version : model.version,
      desired,
      knownGood: knownGood.filter(({ rolledBackAt }) => rolledBackAt === undefined).map((release) => release.version),
    };
  }
  const number = (version: string) => Number(version.slice(1));
  const before = model.knownGood.filter((version) => number(version) < number(model.version));
  const target = before.sort((a, b) => number(b) - number(a))[0];
  const planned = planRollback(services, clock, { force: false, method: one.method });
  if (target === undefined) {
    await expect(planned).rejects.toMatchObject({ code: 'rollback.no-target' });
    return model;
  }
  const plan = await planned;
  const fails = plan.steps.some((step) => step.id === one.failAfter) ? one.failAfter : undefined;
  const result = await at.run(fails === undefined ? plan : failingAfter(plan, fails));
  expect(result.leftovers).toEqual([]);
  expect(result.outcome).toBe(fails === undefined ? 'done' : 'rolled-back');
  if (fails !== undefined) return model;
  const leftovers = (version: string) => number(version) > number(target) && number(version) <= number(model.version);
  return { ...model, version: target, knownGood: model.knownGood.filter((version) => !leftovers(version)) };
}

/** Lets the group that serves grow by one right after the first part of the traffic has left it; tells how often it did. */
function growOnce({ aws, services }: Simulated): () => number {
  let times = 0;
  const name = `grow-${Math.random()}`;
  aws.elb.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      if ('DefaultActions' in (args.input as object) && times === 0) {
        const { live, share } = await observeFleet(services);
        if (share < 1) {
          times = 1;
          await setCapacity(aws.autoScaling, live.name, { desired: live.desired + 1 });
          aws.elb.middlewareStack.remove(name);
        }
      }
      return answer;
    },
    { step: 'initialize', name },
  );
  return () => {
    aws.elb.middlewareStack.remove(name);
    return times;
  };
}

async function check({ services, aws }: Simulated, model: Model): Promise<void> {
  await world?.until(
    async () => (await readStatus(services)).healthy,
    (one) => one === model.desired,
  );
  const status = await readStatus(services);
  expect(status).toMatchObject({ version: model.version, traffic: [{ version: model.version, share: 1 }] });
  const [serving, other] = status.groups;
  await world?.until(
    async () => (await readGroup(aws.autoScaling, serving?.name ?? '')).instances.length,
    (one) => one === model.desired,
  );
  const settings = await readSettings(aws, serving?.name ?? '');
  expect(settings).toMatchObject({ min: 2, desired: model.desired, max: 12, suspended: [] });
  expect(settings.policies.map((policy) => policy.name)).toEqual(['cpu']);
  expect(settings.actions.map((action) => action.name)).toEqual(['night']);
  // What is kept beside it has an end.
  expect(other?.desired === 0 || other?.until !== null).toBe(true);
}
