import {
  PutScalingPolicyCommand,
  PutScheduledUpdateGroupActionCommand,
  SuspendProcessesCommand,
} from '@aws-sdk/client-auto-scaling';
import { DeleteTagsCommand, DescribeInstancesCommand, DescribeLaunchTemplatesCommand } from '@aws-sdk/client-ec2';
import { ModifyListenerCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup, setCapacity } from '../../src/aws/groups.ts';
import { listImages } from '../../src/aws/images.ts';
import { tagInstance } from '../../src/aws/instances.ts';
import { readRoutes } from '../../src/aws/listeners.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { readSettings, scaleDownName } from '../../src/fleet/group-settings.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { everyVersion, failingAfter, Simulated } from '../support/simulated.ts';
import { watchWeights } from '../support/weights.ts';

let world: Simulated;
let violations: string[];

const blue = 'api-local';
const green = 'api-local-green';

beforeAll(async () => {
  world = await Simulated.create([
    ['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 5,"],
  ]);
  violations = watchWeights(world);
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
  expect(first.outcome).toBe('done');
  const { autoScaling } = world.aws;
  // What a team has beside us: a policy, a nightly action, a process that it suspended on purpose.
  await autoScaling.send(
    new PutScalingPolicyCommand({
      AutoScalingGroupName: blue,
      PolicyName: 'cpu',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingConfiguration: {
        TargetValue: 1000,
        PredefinedMetricSpecification: {
          PredefinedMetricType: 'ALBRequestCountPerTarget',
          ResourceLabel: `app/api-local/0123456789abcdef/${(await targetGroupOf(blue)).split(':').at(-1)}`,
        },
      },
    }),
  );
  await autoScaling.send(
    new PutScalingPolicyCommand({
      AutoScalingGroupName: blue,
      PolicyName: 'forecast',
      PolicyType: 'PredictiveScaling',
      PredictiveScalingConfiguration: {
        Mode: 'ForecastAndScale',
        MetricSpecifications: [
          {
            TargetValue: 50,
            PredefinedMetricPairSpecification: { PredefinedMetricType: 'ASGCPUUtilization' },
          },
        ],
      },
    }),
  );
  await autoScaling.send(
    new PutScheduledUpdateGroupActionCommand({
      AutoScalingGroupName: blue,
      ScheduledActionName: 'night',
      Recurrence: '0 3 1 1 *',
      MinSize: 2,
    }),
  );
  await autoScaling.send(
    new SuspendProcessesCommand({ AutoScalingGroupName: blue, ScalingProcesses: ['AZRebalance'] }),
  );
  await setCapacity(autoScaling, blue, { min: 3 });
}, 60_000);

afterAll(() => world?.close());

beforeEach(() => {
  world.answers.to = everyVersion;
});

async function targetGroupOf(group: string): Promise<string> {
  return (await readGroup(world.aws.autoScaling, group)).targetGroupArns[0] ?? '';
}

/** Everything about the fleet that a failed run must leave as it was. */
async function fleetAsItIs() {
  const { aws, services } = world;
  const { facts } = await observeFleet(services);
  const [one, other, status, images, routes, { Reservations }, { LaunchTemplates }] = await Promise.all([
    readSettings(aws, blue),
    readSettings(aws, green),
    readStatus(services),
    listImages(aws.ec2, 'api', 'local'),
    readRoutes(aws.elb, facts.listenerArn),
    aws.ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running'] }] }),
    ),
    aws.ec2.send(new DescribeLaunchTemplatesCommand({})),
  ]);
  return {
    groups: [one, other],
    serving: status.instances.map(
      ({ version, lifecycle, health, group }) => `${group} ${version} ${lifecycle} ${health}`,
    ),
    traffic: status.traffic,
    routes: routes.map(({ arn, weights }) => ({ arn, weights })),
    images: images.map((image) => image.name),
    instances: (Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []).length,
    defaultVersion: LaunchTemplates?.[0]?.DefaultVersionNumber,
  };
}

function forecasting(Mode: string): unknown {
  return expect.objectContaining({ PredictiveScalingConfiguration: expect.objectContaining({ Mode }) });
}

/** A group with the settings of the team, and nothing of ours. */
const teams = {
  min: 3,
  max: 12,
  desired: 4,
  suspended: ['AZRebalance'],
  policies: [
    expect.objectContaining({ name: 'cpu' }),
    expect.objectContaining({ name: 'forecast', settings: forecasting('ForecastAndScale') }),
  ],
  actions: [expect.objectContaining({ name: 'night' })],
};

const steps = [
  'preflight',
  'stage',
  'detach',
  'bake',
  'validate',
  'return-instance',
  'scale-up-idle-group',
  'shift-traffic',
  'promote',
  'verify',
];

describe('the first release', () => {
  it('fills the fleet group that has the traffic', async () => {
    const { live, idle, share } = await observeFleet(world.services);
    expect([live.name, live.desired, idle?.name, idle?.desired, share]).toEqual([blue, 4, green, 0, 1]);
  });
});

describe('a blue/green release that fails after any step leaves both groups as they were', () => {
  it.each(steps)(
    'onto an empty group: %s',
    async (id) => {
      const before = await fleetAsItIs();
      const plan = await planRelease(world.services, world.clock, {});
      expect(plan.steps.map((step) => step.id)).toEqual([...steps, 'retain', 'announce']);
      const result = await world.run(failingAfter(plan, id));
      expect(result.leftovers).toEqual([]);
      expect(result.outcome).toBe('rolled-back');
      expect(await fleetAsItIs()).toEqual(before);
    },
    30_000,
  );

  it('in a canary step: instances that answer wrongly get no more traffic, and the weights are restored', async () => {
    const before = await fleetAsItIs();
    const plan = await planRelease(world.services, world.clock, {});
    world.answers.to = (_url, headers) =>
      // The validation passes, and the smoke tests before the first step; what fails comes with the traffic.
      headers && lastWeight > 0 ? { status: 500, body: 'broken' } : everyVersion();
    const result = await world.run(plan);
    expect(result.outcome).toBe('rolled-back');
    expect(result.error).toMatchObject({ code: 'shift-traffic.failed', message: expect.stringContaining('5 %') });
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);
});

/** The smaller of the two weights that were set last. */
let lastWeight = 0;
beforeAll(() => {
  world.aws.elb.middlewareStack.add(
    (next) => async (args) => {
      const input = args.input as { DefaultActions?: { ForwardConfig?: { TargetGroups?: { Weight?: number }[] } }[] };
      const weights = input.DefaultActions?.[0]?.ForwardConfig?.TargetGroups?.map((one) => one.Weight ?? 0);
      if (weights) lastWeight = Math.min(...weights);
      return next(args);
    },
    { step: 'initialize', name: 'lastWeights' },
  );
});

describe('a blue/green release', () => {
  it('moves traffic, capacity, policies, scheduled actions and suspended processes', async () => {
    const result = await world.run(await planRelease(world.services, world.clock, {}));
    expect(result.error).toBeUndefined();
    const { aws, services } = world;
    expect(await readSettings(aws, green)).toMatchObject(teams);
    const policy = (await readSettings(aws, green)).policies.find((one) => one.name === 'cpu');
    expect(JSON.stringify(policy)).toContain((await targetGroupOf(green)).split(':').at(-1));
    const former = await readSettings(aws, blue);
    expect(former).toMatchObject({ min: 4, desired: 4 });
    expect([...former.suspended].sort()).toEqual(['AZRebalance', 'AlarmNotification'].sort());
    expect(former.policies.at(-1)).toMatchObject({ name: 'forecast', settings: forecasting('ForecastOnly') });
    expect(former.actions).toEqual([expect.objectContaining({ name: scaleDownName, min: 0, desired: 0 })]);
    const status = await readStatus(services);
    expect(status).toMatchObject({
      version: result.state.version,
      traffic: [{ version: result.state.version, share: 1 }],
    });
    expect(status.groups.map(({ name, share, until }) => [name, share, until !== null])).toEqual([
      [green, 1, false],
      [blue, 0, true],
    ]);
    // The group to go back to holds the version before and nothing else, the bake instance included.
    expect(new Set(status.instances.filter((one) => one.group === blue).map((one) => one.version))).toEqual(
      new Set(['v1']),
    );
  }, 30_000);

  it.each(['scale-up-idle-group', 'shift-traffic', 'promote', 'verify'])(
    'onto a group that still runs: undone after %s',
    async (id) => {
      const before = await fleetAsItIs();
      expect(before.instances).toBe(8);
      const result = await world.run(failingAfter(await planRelease(world.services, world.clock, {}), id));
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
      expect(await fleetAsItIs()).toEqual(before);
    },
    30_000,
  );
});

describe('a switch to the old group', () => {
  it('that fails restores weights, capacities and schedules', async () => {
    const before = await fleetAsItIs();
    const plan = await planRollback(world.services, world.clock, { force: false });
    expect(plan.steps.map((step) => step.id)).toEqual(['preflight', 'switch-traffic', 'transfer-settings', 'announce']);
    const result = await world.run(failingAfter(plan, 'switch-traffic'));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(await fleetAsItIs()).toEqual(before);
  }, 30_000);

  it('is not offered when instances of the old group serve something else than their image says', async () => {
    const { services, clock, aws } = world;
    const id = (await readGroup(aws.autoScaling, blue)).instances[0]?.id ?? '';
    await tagInstance(aws.ec2, id, { [tagKeys.switched]: 'run-1' });
    const switching = () => planRollback(services, clock, { force: false, method: 'switch' });
    await expect(switching()).rejects.toMatchObject({ message: expect.stringContaining('1 instances of api-local') });
    await aws.ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: tagKeys.switched }] }));
    expect((await switching()).initial.method).toBe('switch');
  }, 30_000);

  it('goes back, and forward again', async () => {
    const { services, clock, aws } = world;
    const bad = (await readStatus(services)).version ?? '';
    const back = await world.run(await planRollback(services, clock, { force: false }));
    expect(back.error).toBeUndefined();
    expect(back.state).toMatchObject({ version: 'v1', method: 'switch' });
    expect(await readStatus(services)).toMatchObject({ version: 'v1', traffic: [{ version: 'v1', share: 1 }] });
    expect(await readSettings(aws, blue)).toMatchObject(teams);
    expect((await readSettings(aws, green)).actions).toEqual([expect.objectContaining({ name: scaleDownName })]);

    const forth = await world.run(await planRollback(services, clock, { version: bad, force: false }));
    expect(forth.state).toMatchObject({ version: bad, method: 'switch' });
    expect(await readSettings(aws, green)).toMatchObject(teams);
    const again = await world.run(await planRollback(services, clock, { version: 'v1', force: false }));
    expect(again.outcome).toBe('done');
  }, 30_000);

  it('scales the old group up to the current size of the fleet', async () => {
    const { services, clock, aws } = world;
    await setCapacity(aws.autoScaling, blue, { desired: 6 });
    await world.until(
      async () => (await readStatus(services)).healthy,
      (one) => one === 6,
    );
    const version = (await readStatus(services)).instances.find((one) => one.group === green)?.version ?? '';
    const result = await world.run(await planRollback(services, clock, { version, force: false }));
    expect(result.error).toBeUndefined();
    // No host holds another environment: nothing is faster.
    expect(result.state).toMatchObject({ method: 'switch', why: expect.stringContaining('4 of 6 instances healthy') });
    expect(await readStatus(services)).toMatchObject({ version, desired: 6, healthy: 6 });
    await setCapacity(aws.autoScaling, green, { desired: 4 });
    await world.until(
      async () => (await readGroup(aws.autoScaling, green)).instances.length,
      (one) => one === 4,
    );
  }, 30_000);

  it('is refused once Auto Scaling has terminated the old group', async () => {
    const { services, clock, aws } = world;
    await world.until(
      async () => (await readGroup(aws.autoScaling, blue)).instances.length,
      (one) => one === 0,
    );
    expect((await readSettings(aws, blue)).actions).toEqual([]);
    await expect(
      planRollback(services, clock, { version: 'v1', force: false, method: 'switch' }),
    ).rejects.toMatchObject({
      code: 'rollback.method-unavailable',
      message: expect.stringContaining('no instances any more'),
    });
    const plan = await planRollback(services, clock, { version: 'v1', force: false });
    expect(plan.initial.method).toBe('rolling');
  }, 60_000);
});

describe('the plan of a blue/green release refuses', () => {
  it('a release while the traffic is split', async () => {
    const { services, clock, aws } = world;
    const { facts } = await observeFleet(services);
    const split = (weight: number) =>
      aws.elb.send(
        new ModifyListenerCommand({
          ListenerArn: facts.listenerArn,
          DefaultActions: [
            {
              Type: 'forward',
              ForwardConfig: {
                TargetGroups: [
                  { TargetGroupArn: facts.targetGroupArn, Weight: 100 - weight },
                  { TargetGroupArn: facts.idle?.targetGroupArn, Weight: weight },
                ],
              },
            },
          ],
        }),
      );
    const seen = [...violations];
    await split(25);
    const result = await world.run(await planRelease(services, clock, {}));
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'preflight.split' } });
    await split(0);
    violations.splice(0, violations.length, ...seen);
  }, 30_000);

  it('--strategy blue-green for a fleet with one group', async () => {
    const services = { ...world.services, fleet: structuredClone(world.fleet) };
    services.fleet.release.strategy = 'rolling';
    await expect(planRelease(services, world.clock, { strategy: 'blue-green' })).rejects.toMatchObject({
      code: 'release.strategy',
      outcome: 'usage',
    });
  });
});

describe('all blue/green tests of this file', () => {
  it('give no group traffic before validation, and no group a smaller size than the one before it', () => {
    expect(violations).toEqual([]);
  });
});
