import {
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeScalingActivitiesCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { delayProfiles } from '../../src/settings.ts';
import { drivers, openWorld, patiently, refusal, type World, type WorldOptions, webServer } from './support.ts';

let world: World;
const open = (options?: WorldOptions) =>
  openWorld((opened) => {
    world = opened;
  }, options);

const ids = async (group: string, state?: string) =>
  (await world.members(group, state)).map(({ InstanceId = '' }) => InstanceId);
const desire = (AutoScalingGroupName: string, DesiredCapacity: number) =>
  world.asg.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }));
const activities = async (AutoScalingGroupName: string) =>
  (await world.asg.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName }))).Activities ?? [];
const standby = (AutoScalingGroupName: string, InstanceIds: string[], ShouldDecrementDesiredCapacity = true) =>
  world.asg.send(new EnterStandbyCommand({ AutoScalingGroupName, InstanceIds, ShouldDecrementDesiredCapacity }));
const leave = (AutoScalingGroupName: string, InstanceIds: string[]) =>
  world.asg.send(new ExitStandbyCommand({ AutoScalingGroupName, InstanceIds }));
const inState = (group: string, state: string, count: number) =>
  world.until(
    () => ids(group, state),
    (all) => all.length === count,
  );

describe.each(drivers)('groups of $driver machines', patiently, ({ driver }) => {
  open(driver === 'sandbox' ? { driver, delays: { ...delayProfiles.quick, minimumDrain: 1_500 } } : {});

  it('ASG-INS-01 launch up to the desired capacity over their zones, and register what runs', async () => {
    const targets = await world.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
    await world.listener(targets);
    const LaunchTemplateName = await world.template(undefined, { UserData: webServer });
    const group = await world.group(3, {
      ...{ LaunchTemplate: { LaunchTemplateName, Version: '1' }, TargetGroupARNs: [targets] },
    });
    const members = await world.members(group);
    expect(new Set(members.map((one) => one.AvailabilityZone)).size).toBe(3);
    await world.until(
      () => Promise.all(members.map(({ InstanceId = '' }) => world.health(targets, InstanceId))),
      (all) => all.every((one) => one?.state === 'healthy'),
    );
    const tags = (await world.instance(members[0]?.InstanceId ?? '')).Tags;
    expect(tags).toContainEqual({ Key: 'aws:autoscaling:groupName', Value: group });
  });

  it('ASG-INS-02 replace what EC2 calls stopped or terminated', async () => {
    const group = await world.group(2);
    const [lost = '', kept = ''] = await ids(group);
    await world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [lost] }));
    await world.until(
      () => ids(group),
      (all) => all.length === 2 && !all.includes(lost),
    );
    expect(await ids(group)).toContain(kept);
    expect((await activities(group)).some(({ Cause }) => Cause?.includes('EC2 health check'))).toBe(true);
  });

  it('ASG-SBY-01 put instances into Standby drained, with their machines on, and take them back', async () => {
    const targets = await world.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
    await world.listener(targets);
    const LaunchTemplateName = await world.template(undefined, { UserData: webServer });
    const group = await world.group(2, {
      ...{ LaunchTemplate: { LaunchTemplateName, Version: '1' }, TargetGroupARNs: [targets] },
    });
    const [id = ''] = await ids(group);
    await world.until(
      () => world.health(targets, id),
      (one) => one?.state === 'healthy',
    );
    await standby(group, [id]);
    expect(await ids(group, 'EnteringStandby')).toEqual([id]);
    expect((await world.health(targets, id))?.state).toBe('draining');
    await inState(group, 'Standby', 1);
    expect(await world.health(targets, id)).toBeUndefined();
    expect((await world.instance(id)).State?.Name).toBe('running');
    expect((await world.describeGroup(group))?.DesiredCapacity).toBe(1);
    await leave(group, [id]);
    await world.inService(group, 2);
    expect((await world.describeGroup(group))?.DesiredCapacity).toBe(2);
    expect((await world.health(targets, id))?.state).toBe('initial');
  });
});

describe('groups', () => {
  // Long enough a drain to be seen.
  open({ delays: { ...delayProfiles.quick, instancePending: 2_000, minimumDrain: 20_000 } });

  it('ASG-GRP-01 have the defaults of the API', async () => {
    expect(await world.describeGroup(await world.group(1))).toMatchObject({
      ...{ HealthCheckType: 'EC2', HealthCheckGracePeriod: 0, DefaultCooldown: 300 },
      ...{ TerminationPolicies: ['Default'], NewInstancesProtectedFromScaleIn: false, SuspendedProcesses: [] },
    });
  });

  it('ASG-GRP-02 keep the desired capacity within their bounds, which move it', async () => {
    const group = await world.group(2);
    expect(await refusal(desire(group, 5))).toBe('ValidationError');
    const bound = (MinSize: number, MaxSize: number) =>
      world.asg.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, MinSize, MaxSize }));
    expect(await refusal(bound(3, 2))).toBe('ValidationError');
    await bound(3, 6);
    expect((await world.describeGroup(group))?.DesiredCapacity).toBe(3);
    await world.inService(group, 3);
    expect(await refusal(desire(group, 2))).toBe('ValidationError');
    await bound(0, 1);
    await world.inService(group, 1);
  });

  it('ASG-GRP-03 have names of their own, and are deleted empty, or by force with their instances', async () => {
    const group = await world.group(1);
    const [id = ''] = await ids(group);
    const LaunchTemplate = { LaunchTemplateName: await world.template(), Version: '1' };
    const again = { AutoScalingGroupName: group, LaunchTemplate, MinSize: 0, MaxSize: 0 };
    const create = new CreateAutoScalingGroupCommand({ ...again, AvailabilityZones: ['eu-west-1a'] });
    expect(await refusal(world.asg.send(create))).toBe('AlreadyExistsFault');
    const remove = (ForceDelete: boolean) =>
      world.asg.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: group, ForceDelete }));
    expect(await refusal(remove(false))).toBe('ResourceInUseFault');
    await remove(true);
    await world.until(
      () => world.describeGroup(group),
      (one) => one === undefined,
    );
    expect(['shutting-down', 'terminated']).toContain((await world.instance(id)).State?.Name);
  });

  it('ASG-INS-03 are checked by the balancer after the grace period, where they ask for it', async () => {
    const targets = await world.targetGroup();
    await world.listener(targets);
    world.cloud.faults.add({ kind: 'never-healthy', count: 1 });
    const group = await world.group(1, {
      ...{ TargetGroupARNs: [targets], HealthCheckType: 'ELB', HealthCheckGracePeriod: 30 },
    });
    const [id = ''] = await ids(group);
    const took = await world.took(() =>
      world.until(
        () => ids(group),
        (all) => all.length === 1 && !all.includes(id),
      ),
    );
    expect(took).toBeGreaterThanOrEqual(25_000);
    expect((await activities(group)).some(({ Cause }) => Cause?.includes('ELB system health check'))).toBe(true);
  });

  it('ASG-INS-04 scale in from the fullest zone, draining first', async () => {
    const targets = await world.targetGroup();
    await world.listener(targets);
    const group = await world.group(4, { TargetGroupARNs: [targets] });
    const zones = (await world.members(group)).map((one) => one.AvailabilityZone);
    const fullest = zones.find((zone) => zones.filter((one) => one === zone).length === 2);
    await desire(group, 3);
    const [victim] = await world.until(
      () => world.members(group, 'Terminating'),
      (all) => all.length === 1,
    );
    expect(victim?.AvailabilityZone).toBe(fullest);
    expect((await world.instance(victim?.InstanceId ?? '')).State?.Name).toBe('running');
    await world.reached(victim?.InstanceId ?? '', 'terminated');
  });

  it('ASG-INS-05 protected from scale-in are never chosen; they can be terminated by name', async () => {
    const group = await world.group(2);
    const InstanceIds = await ids(group);
    await world.asg.send(
      new SetInstanceProtectionCommand({ AutoScalingGroupName: group, InstanceIds, ProtectedFromScaleIn: true }),
    );
    await desire(group, 1);
    const [id = ''] = InstanceIds;
    await world.asg.send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: id, ShouldDecrementDesiredCapacity: false }),
    );
    await world.reached(id, 'terminated');
    expect(await ids(group)).toEqual(InstanceIds.slice(1));
  });

  it('ASG-INS-06 are terminated by name with or without a replacement, never below the minimum', async () => {
    const group = await world.group(2, { MinSize: 1 });
    const end = async (ShouldDecrementDesiredCapacity: boolean) => {
      const [InstanceId] = await ids(group);
      await world.asg.send(
        new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity }),
      );
      await world.reached(InstanceId ?? '', 'terminated');
    };
    await end(false);
    await world.inService(group, 2);
    await end(true);
    await world.inService(group, 1);
    expect(await refusal(end(true))).toBe('ValidationError');
  });

  it('ASG-SBY-02 put into Standby what is InService, 20 at a call, and not below the minimum', async () => {
    const group = await world.group(1, { MinSize: 1 });
    const [id = ''] = await ids(group);
    expect(await refusal(standby(group, [id]))).toBe('ValidationError');
    expect(await refusal(leave(group, [id]))).toBe('ValidationError');
    const many = Array.from({ length: 21 }, (_, n) => `i-${String(n).padStart(17, '0')}`);
    expect(await refusal(standby(group, many))).toBe('ValidationError');
    await standby(group, [id], false);
    await inState(group, 'Standby', 1);
    await world.inService(group, 1);
  });

  it('ASG-SBY-03 leave instances in Standby alone, dead or alive', async () => {
    const group = await world.group(1);
    const [id = ''] = await ids(group);
    await standby(group, [id]);
    await inState(group, 'Standby', 1);
    await world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await world.reached(id, 'terminated');
    expect(await world.members(group, 'Standby')).toMatchObject([{ InstanceId: id, HealthStatus: 'Healthy' }]);
  });

  it('ASG-PRC-01 do nothing that is suspended, until it is resumed', async () => {
    const group = await world.group(1);
    const processes = { AutoScalingGroupName: group, ScalingProcesses: ['Launch'] };
    await world.asg.send(new SuspendProcessesCommand(processes));
    await desire(group, 2);
    const began = world.clock.now();
    await world.until(
      async () => world.clock.now() - began,
      (ms) => ms > 5_000,
    );
    expect(await ids(group)).toHaveLength(1);
    const [shown, ...more] = (await world.describeGroup(group))?.SuspendedProcesses ?? [];
    expect([shown?.ProcessName, ...more]).toEqual(['Launch']);
    expect(shown?.SuspensionReason).toMatch(/^User suspended at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await world.asg.send(new SuspendProcessesCommand(processes));
    expect((await world.describeGroup(group))?.SuspendedProcesses).toEqual([shown]);
    await world.asg.send(new ResumeProcessesCommand(processes));
    await world.inService(group, 2);
    const unknown = new SuspendProcessesCommand({ ...processes, ScalingProcesses: ['Lunch'] });
    expect(await refusal(world.asg.send(unknown))).toBe('ValidationError');
  });

  it('ASG-ACT-01 note each launch and each end with cause and times, newest first', async () => {
    const group = await world.group(1);
    const [id] = await ids(group);
    await desire(group, 0);
    await world.reached(id ?? '', 'terminated');
    const [last, first] = await world.until(
      () => activities(group),
      (all) => all.length === 2 && all.every((one) => one.StatusCode === 'Successful'),
    );
    expect(first).toMatchObject({ Description: `Launching a new EC2 instance: ${id}`, Progress: 100 });
    expect(last?.Description).toBe(`Terminating EC2 instance: ${id}`);
    expect(last?.Cause).toContain('shrinking the capacity from 1 to 0');
    expect(last?.EndTime?.getTime()).toBeGreaterThan(last?.StartTime?.getTime() ?? 0);
  });

  it('ASG-ACT-02 note launches that were refused, and wait longer after each', async () => {
    world.cloud.faults.add({ kind: 'insufficient-capacity' });
    const group = await world.group(0, { MaxSize: 2 });
    await desire(group, 1);
    const failed = await world.until(
      () => activities(group),
      (all) => all.length >= 9,
    );
    expect(failed[0]).toMatchObject({ StatusCode: 'Failed' });
    expect(failed[0]?.StatusMessage).toContain('sufficient');
    world.cloud.faults.clear();
    await world.inService(group, 1);
  });
});
