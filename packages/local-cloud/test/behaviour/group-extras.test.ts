import {
  AttachInstancesCommand,
  CompleteLifecycleActionCommand,
  DescribeLifecycleHooksCommand,
  DescribeScheduledActionsCommand,
  DescribeWarmPoolCommand,
  DetachInstancesCommand,
  LaunchInstancesCommand,
  PutLifecycleHookCommand,
  PutScheduledUpdateGroupActionCommand,
  PutWarmPoolCommand,
  SetDesiredCapacityCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { drivers, openWorld, patiently, refusal, type World, type WorldOptions, webServer } from './support.ts';

let world: World;
const open = (options: WorldOptions) =>
  openWorld((opened) => {
    world = opened;
  }, options);

const desire = (AutoScalingGroupName: string, DesiredCapacity: number) =>
  world.asg.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }));
const inState = (group: string, state: string, count = 1) =>
  world.until(
    () => world.members(group, state),
    (all) => all.length === count,
  );
const hook = (AutoScalingGroupName: string, transition: 'LAUNCHING' | 'TERMINATING', HeartbeatTimeout?: number) =>
  world.asg.send(
    new PutLifecycleHookCommand({
      ...{ AutoScalingGroupName, LifecycleHookName: 'wait', HeartbeatTimeout },
      LifecycleTransition: `autoscaling:EC2_INSTANCE_${transition}`,
    }),
  );
const complete = (AutoScalingGroupName: string, InstanceId: string, LifecycleActionResult: string) =>
  world.asg.send(
    new CompleteLifecycleActionCommand({
      ...{ AutoScalingGroupName, LifecycleHookName: 'wait', InstanceId, LifecycleActionResult },
    }),
  );

/** A group of web servers behind a load balancer. */
async function served(size: number, more: Parameters<World['group']>[1] = {}) {
  const targets = await world.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
  await world.listener(targets);
  const LaunchTemplateName = await world.template(undefined, { UserData: webServer });
  const group = await world.group(size, {
    ...{ LaunchTemplate: { LaunchTemplateName, Version: '1' }, TargetGroupARNs: [targets], ...more },
  });
  const healthIs = (id: string, state: string | undefined) =>
    world.until(
      () => world.health(targets, id),
      (one) => one?.state === state,
    );
  return { group, targets, healthIs };
}

describe.each(drivers)('groups of $driver machines', patiently, ({ driver }) => {
  open(driver === 'sandbox' ? { driver } : {});

  it('ASG-HKS-01 hold launches in Pending:Wait until they are completed; abandoned ones are replaced', async () => {
    const { group, targets, healthIs } = await served(0, { MaxSize: 2 });
    await hook(group, 'LAUNCHING');
    await desire(group, 1);
    const [first] = await inState(group, 'Pending:Wait');
    await complete(group, first?.InstanceId ?? '', 'ABANDON');
    const [second] = await world.until(
      () => world.members(group, 'Pending:Wait'),
      ([one]) => one !== undefined && one.InstanceId !== first?.InstanceId,
    );
    const id = second?.InstanceId ?? '';
    expect((await world.instance(id)).State?.Name).toBe('running');
    expect(await world.health(targets, id)).toBeUndefined();
    await complete(group, id, 'CONTINUE');
    expect((await world.inService(group, 1))[0]?.InstanceId).toBe(id);
    await healthIs(id, 'healthy');
    await world.reached(first?.InstanceId ?? '', 'terminated');
  });

  it('ASG-HKS-02 hold ends in Terminating:Wait, drained, their machines still on, until they are completed', async () => {
    const { group, healthIs } = await served(1);
    const [{ InstanceId: id = '' } = {}] = await world.members(group);
    await healthIs(id, 'healthy');
    await hook(group, 'TERMINATING');
    await desire(group, 0);
    await inState(group, 'Terminating:Wait');
    await healthIs(id, undefined);
    const { State, PrivateIpAddress } = await world.instance(id);
    expect(State?.Name).toBe('running');
    // Not only by its record: the machine still answers.
    if (driver === 'sandbox') {
      expect(await (await fetch(`http://${PrivateIpAddress}:8080`)).text()).toBe(PrivateIpAddress);
    }
    await complete(group, id, 'ABANDON');
    await world.reached(id, 'terminated');
  });

  it.each(['Stopped', 'Running'] as const)(
    'ASG-WRM-01 have warm pools of machines (%s) beside the group, which serve before others are launched',
    async (PoolState) => {
      const { group, targets, healthIs } = await served(1, { MaxSize: 2 });
      await world.asg.send(new PutWarmPoolCommand({ AutoScalingGroupName: group, PoolState }));
      const pool = async () =>
        (await world.asg.send(new DescribeWarmPoolCommand({ AutoScalingGroupName: group }))).Instances ?? [];
      const [warm] = await world.until(pool, ([one]) => one?.LifecycleState === `Warmed:${PoolState}`);
      const id = warm?.InstanceId ?? '';
      const { State, PrivateIpAddress } = await world.instance(id);
      expect(State?.Name).toBe(PoolState.toLowerCase());
      expect(await world.members(group)).toHaveLength(1);
      expect(await world.health(targets, id)).toBeUndefined();
      await desire(group, 2);
      expect((await world.inService(group, 2)).map((one) => one.InstanceId)).toContain(id);
      expect(await pool()).toEqual([]);
      // A machine that was stopped has kept its disk, with what its first boot has put there, and its address.
      await healthIs(id, 'healthy');
      expect((await world.instance(id)).PrivateIpAddress).toBe(PrivateIpAddress);
    },
  );

  it('ASG-INS-07 let instances be detached alive and attached again, counting as capacity', async () => {
    const { group, healthIs } = await served(1);
    const [{ InstanceId: id = '' } = {}] = await world.members(group);
    await healthIs(id, 'healthy');
    const named = { AutoScalingGroupName: group, InstanceIds: [id] };
    await world.asg.send(new DetachInstancesCommand({ ...named, ShouldDecrementDesiredCapacity: true }));
    await world.until(
      () => world.describeGroup(group),
      (one) => one?.Instances?.length === 0,
    );
    await healthIs(id, undefined);
    expect((await world.instance(id)).State?.Name).toBe('running');
    await world.asg.send(new AttachInstancesCommand(named));
    expect((await world.members(group)).map((one) => one.InstanceId)).toEqual([id]);
    expect((await world.describeGroup(group))?.DesiredCapacity).toBe(1);
    await healthIs(id, 'healthy');
  });
});

describe('lifecycle hooks', () => {
  open({});

  it('ASG-HKS-03 abandon after their heartbeat, an hour by default, of 30 to 7,200 s', async () => {
    const group = await world.group(0, { MaxSize: 1 });
    await hook(group, 'LAUNCHING');
    const { LifecycleHooks } = await world.asg.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group }));
    expect(LifecycleHooks).toMatchObject([{ HeartbeatTimeout: 3600, DefaultResult: 'ABANDON' }]);
    for (const wrong of [29, 7201]) expect(await refusal(hook(group, 'LAUNCHING', wrong))).toBe('ValidationError');
    await hook(group, 'LAUNCHING', 30);
    const took = await world.took(async () => {
      await desire(group, 1);
      const [first] = await inState(group, 'Pending:Wait');
      await world.reached(first?.InstanceId ?? '', 'terminated');
    });
    expect(took).toBeGreaterThanOrEqual(30_000);
  });
});

describe('scheduled actions', () => {
  open({});

  const put = (AutoScalingGroupName: string, more: { StartTime?: Date; Recurrence?: string }) =>
    world.asg.send(
      new PutScheduledUpdateGroupActionCommand({
        ...{ AutoScalingGroupName, ScheduledActionName: 'evening', DesiredCapacity: 2, ...more },
      }),
    );

  it('ASG-SCH-01 change the sizes at their time, and are gone unless they recur', async () => {
    const group = await world.group(1, { MaxSize: 2 });
    const at = (ms: number) => new Date(world.clock.now() + ms);
    expect(await refusal(put(group, { StartTime: at(-60_000) }))).toBe('ValidationError');
    expect(await refusal(put(group, { Recurrence: 'now and then' }))).toBe('ValidationError');
    const took = await world.took(async () => {
      await put(group, { StartTime: at(20_000) });
      await world.inService(group, 2);
    });
    expect(took).toBeGreaterThanOrEqual(19_000);
    const actions = async () =>
      (await world.asg.send(new DescribeScheduledActionsCommand({ AutoScalingGroupName: group })))
        .ScheduledUpdateGroupActions;
    expect(await actions()).toEqual([]);
    await put(group, { Recurrence: '0 18 * * *' });
    expect(await actions()).toMatchObject([{ Recurrence: '0 18 * * *', DesiredCapacity: 2 }]);
  });
});

describe('LaunchInstances', () => {
  open({});

  it('ASG-LIN-01 launches at once in one zone, and raises the desired capacity; a token launches once', async () => {
    const group = await world.group(0, { MaxSize: 2 });
    const launch = (RequestedCapacity: number, more = {}) =>
      world.asg.send(
        new LaunchInstancesCommand({
          ...{ AutoScalingGroupName: group, RequestedCapacity, ClientToken: 'a-token' },
          ...{ AvailabilityZones: ['eu-west-1b'], ...more },
        }),
      );
    const [made] = (await launch(1)).Instances ?? [];
    expect(made).toMatchObject({ AvailabilityZone: 'eu-west-1b', InstanceIds: [expect.stringMatching(/^i-/)] });
    expect((await launch(1)).Instances?.[0]?.InstanceIds).toEqual(made?.InstanceIds);
    expect((await world.describeGroup(group))?.DesiredCapacity).toBe(1);
    expect(await refusal(launch(2, { ClientToken: 'b-token' }))).toBe('ValidationError');
    expect(await refusal(launch(1, { ClientToken: 'c-token', AvailabilityZones: [] }))).toBe('ValidationError');
    await world.inService(group, 1);
  });
});

describe('alarms', () => {
  open({});

  it('CLD-ALM-01 are put and set into a state by their own API, and fail the refresh that watches them', async () => {
    const cloudwatch = world.connect(new CloudWatchClient({ ...world.config(), maxAttempts: 1 }));
    const AlarmName = world.name('errors');
    await cloudwatch.send(
      new PutMetricAlarmCommand({
        ...{ AlarmName, Namespace: 'AWS/ApplicationELB', MetricName: 'HTTPCode_Target_5XX_Count', Statistic: 'Sum' },
        ...{ Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'GreaterThanThreshold' },
      }),
    );
    const LaunchTemplateName = await world.template();
    const group = await world.group(1, { LaunchTemplate: { LaunchTemplateName, Version: '1' } });
    await world.asg.send(
      new StartInstanceRefreshCommand({
        AutoScalingGroupName: group,
        Preferences: { InstanceWarmup: 7200, AlarmSpecification: { Alarms: [AlarmName] } },
      }),
    );
    await world.refreshed(group, 'InProgress');
    await cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'a test' }));
    expect((await world.refreshed(group, 'Failed'))?.StatusReason).toContain(AlarmName);
    cloudwatch.destroy();
  });
});
