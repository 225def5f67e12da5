import {
  CancelInstanceRefreshCommand,
  type DesiredConfiguration,
  EnterStandbyCommand,
  type RefreshPreferences,
  RollbackInstanceRefreshCommand,
  SetInstanceProtectionCommand,
  StartInstanceRefreshCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateVersionCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { drivers, openWorld, patiently, refusal, type World, type WorldOptions } from './support.ts';

let world: World;
const open = (options?: WorldOptions) =>
  openWorld((opened) => {
    world = opened;
  }, options);

/** A group on version 1 of a template that has a version 2, with an image of its own if told. */
const fleet = async (size: number, ImageId: string = account.baseImageId) => {
  const LaunchTemplateName = await world.template();
  const group = await world.group(size, { LaunchTemplate: { LaunchTemplateName, Version: '1' } });
  await world.ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateName, LaunchTemplateData: { ImageId } }));
  const wanted: DesiredConfiguration = { LaunchTemplate: { LaunchTemplateName, Version: '2' } };
  return { group, LaunchTemplateName, wanted };
};
const start = (
  AutoScalingGroupName: string,
  DesiredConfiguration: DesiredConfiguration | undefined,
  Preferences: RefreshPreferences = {},
) =>
  world.asg.send(
    new StartInstanceRefreshCommand({
      ...{ AutoScalingGroupName, DesiredConfiguration, Preferences: { InstanceWarmup: 0, ...Preferences } },
    }),
  );
const versions = async (group: string) =>
  (await world.members(group)).map(({ LaunchTemplate }) => LaunchTemplate?.Version).sort();
const named = async (group: string) => (await world.describeGroup(group))?.LaunchTemplate?.Version;
const standby = async (AutoScalingGroupName: string) => {
  const [member] = await world.members(AutoScalingGroupName);
  await world.asg.send(
    new EnterStandbyCommand({
      ...{ AutoScalingGroupName, InstanceIds: [member?.InstanceId ?? ''], ShouldDecrementDesiredCapacity: true },
    }),
  );
  await world.until(
    () => world.members(AutoScalingGroupName, 'Standby'),
    (all) => all.length === 1,
  );
};

describe.each(drivers)('refreshes on $driver machines', patiently, ({ driver }) => {
  open({ driver });

  it('ASG-REF-01 replace every instance; the group adopts the version when they have succeeded, not before', async () => {
    const { group, wanted } = await fleet(2);
    const before = new Set((await world.members(group)).map((one) => one.InstanceId));
    await start(group, wanted, { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 });
    expect(['Pending', 'InProgress']).toContain((await world.refresh(group))?.Status);
    expect(await named(group)).toBe('1');
    const { PercentageComplete, InstancesToUpdate } = (await world.refreshed(group, 'Successful')) ?? {};
    expect({ PercentageComplete, InstancesToUpdate }).toEqual({ PercentageComplete: 100, InstancesToUpdate: 0 });
    const after = await world.inService(group, 2);
    expect(after.some((one) => before.has(one.InstanceId))).toBe(false);
    expect(await versions(group)).toEqual(['2', '2']);
    expect(await named(group)).toBe('2');
  });

  it('ASG-REF-08 that may roll back by themselves do so when they fail', async () => {
    const bad = await world.baked(await world.running());
    const { group, wanted } = await fleet(2, bad);
    world.cloud.faults.add({ kind: 'boot-dead', image: bad });
    const bounds = { MinHealthyPercentage: 100, MaxHealthyPercentage: 150 };
    expect(await refusal(start(group, undefined, { AutoRollback: true }))).toBe('IrreversibleInstanceRefreshFault');
    await start(group, wanted, { ...bounds, AutoRollback: true });
    const ended = await world.refreshed(group, 'RollbackSuccessful');
    expect(ended?.RollbackDetails?.RollbackReason).toContain('3 consecutive replacements');
    await world.inService(group, 2);
    expect(await versions(group)).toEqual(['1', '1']);
  });
});

describe('refreshes', () => {
  open({});

  it('ASG-REF-02 have the preferences that AWS has by default', async () => {
    const { group, wanted } = await fleet(1);
    await start(group, wanted, { InstanceWarmup: undefined, CheckpointPercentages: [100] });
    expect((await world.refresh(group))?.Preferences).toMatchObject({
      ...{ MinHealthyPercentage: 90, SkipMatching: false, AutoRollback: false, CheckpointDelay: 3600 },
      ...{ ScaleInProtectedInstances: 'Wait', StandbyInstances: 'Wait', InstanceWarmup: 0 },
    });
    await world.refreshed(group, 'Successful');
  });

  it('ASG-REF-03 keep within their bounds: with 100 and 200 all are launched before any is ended', async () => {
    const { group, wanted } = await fleet(3);
    await start(group, wanted, { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 });
    const seen: number[] = [];
    await world.until(
      async () => {
        seen.push((await world.members(group)).length);
        return (await world.refresh(group))?.Status;
      },
      (status) => status === 'Successful',
    );
    expect(Math.min(...seen)).toBe(3);
    expect(Math.max(...seen)).toBeLessThanOrEqual(6);
    const wide = { MinHealthyPercentage: 50, MaxHealthyPercentage: 200 };
    expect(await refusal(start(group, wanted, wide))).toBe('ValidationError');
    expect(await refusal(start(group, wanted, { MaxHealthyPercentage: 150 }))).toBe('ValidationError');
  });

  it('ASG-REF-04 go one at a time, and hold changes of the configuration off', async () => {
    const { group, wanted } = await fleet(2);
    await start(group, wanted, { InstanceWarmup: 600 });
    expect(await refusal(start(group, wanted))).toBe('InstanceRefreshInProgressFault');
    const change = new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, ...wanted });
    expect(await refusal(world.asg.send(change))).toBe('ValidationError');
    await world.asg.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName: group }));
    await world.refreshed(group, 'Cancelled');
    await start(group, wanted);
    await world.refreshed(group, 'Successful');
  });

  it('ASG-REF-05 that are canceled revert nothing', async () => {
    const { group, wanted } = await fleet(3);
    await start(group, wanted, { MinHealthyPercentage: 66, InstanceWarmup: 60 });
    await world.until(
      () => versions(group),
      (all) => all.includes('2'),
    );
    await world.asg.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName: group }));
    await world.refreshed(group, 'Cancelled');
    await world.inService(group, 3);
    expect(await versions(group)).toContain('2');
    expect(await named(group)).toBe('1');
    const again = new CancelInstanceRefreshCommand({ AutoScalingGroupName: group });
    expect(await refusal(world.asg.send(again))).toBe('ActiveInstanceRefreshNotFoundFault');
  });

  it('ASG-REF-06 are rolled back on request while they are active, with a numbered version only', async () => {
    const { group, wanted, LaunchTemplateName } = await fleet(3);
    const back = () => world.asg.send(new RollbackInstanceRefreshCommand({ AutoScalingGroupName: group }));
    expect(await refusal(back())).toBe('ActiveInstanceRefreshNotFoundFault');
    await start(group, { LaunchTemplate: { LaunchTemplateName, Version: '$Latest' } }, { InstanceWarmup: 600 });
    expect(await refusal(back())).toBe('IrreversibleInstanceRefreshFault');
    await world.asg.send(
      new CancelInstanceRefreshCommand({ AutoScalingGroupName: group, WaitForTransitioningInstances: false }),
    );
    await world.inService(group, 3);
    await start(group, wanted, { InstanceWarmup: 60, MinHealthyPercentage: 66 });
    await world.until(
      () => versions(group),
      (all) => all.includes('2'),
    );
    await back();
    await world.refreshed(group, 'RollbackSuccessful');
    await world.inService(group, 3);
    expect(await versions(group)).toEqual(['1', '1', '1']);
  });

  it('ASG-REF-07 fail when replacements do not start, and the group stays on its version', async () => {
    const { group, wanted } = await fleet(2);
    world.cloud.faults.add({ kind: 'boot-dead' });
    await start(group, wanted, { MinHealthyPercentage: 100, MaxHealthyPercentage: 110 });
    const failed = await world.refreshed(group, 'Failed');
    expect(failed?.StatusReason).toContain('3 consecutive replacements');
    expect(await named(group)).toBe('1');
  });

  it('ASG-REF-09 skip instances that match, with SkipMatching', async () => {
    const { group, wanted } = await fleet(2);
    await start(group, wanted);
    await world.refreshed(group, 'Successful');
    const before = (await world.members(group)).map((one) => one.InstanceId);
    await start(group, wanted, { SkipMatching: true });
    await world.refreshed(group, 'Successful');
    expect((await world.members(group)).map((one) => one.InstanceId)).toEqual(before);
  });

  it('ASG-REF-10 bake before they are successful', async () => {
    const { group, wanted } = await fleet(1);
    const took = await world.took(async () => {
      await start(group, wanted, { BakeTime: 60 });
      await world.refreshed(group, 'Baking');
      expect(await named(group)).toBe('1');
      await world.refreshed(group, 'Successful');
    });
    expect(took).toBeGreaterThanOrEqual(60_000);
    expect(await refusal(start(group, wanted, { BakeTime: 172_801 }))).toBe('ValidationError');
  });

  it('ASG-REF-11 fail when an alarm that they watch is raised', async () => {
    const { group, wanted } = await fleet(1);
    world.cloud.faults.add({ kind: 'alarm', alarm: 'errors' });
    await start(group, wanted, { AlarmSpecification: { Alarms: ['errors'] } });
    expect((await world.refreshed(group, 'Failed'))?.StatusReason).toContain('errors');
    const many = Array.from({ length: 11 }, (_, n) => `alarm-${n}`);
    expect(await refusal(start(group, wanted, { AlarmSpecification: { Alarms: many } }))).toBe('ValidationError');
  });

  it('ASG-REF-12 count a replacement when its warm-up is over', async () => {
    const { group, wanted } = await fleet(1);
    const took = await world.took(async () => {
      await start(group, wanted, { InstanceWarmup: 60 });
      await world.refreshed(group, 'Successful');
    });
    expect(took).toBeGreaterThanOrEqual(60_000);
  });

  it('ASG-REF-13 treat Standby and protected instances as told', async () => {
    const { group, wanted } = await fleet(2);
    await standby(group);
    await start(group, wanted, { StandbyInstances: 'Ignore' });
    await world.refreshed(group, 'Successful');
    expect(await world.members(group, 'Standby')).toMatchObject([{ LaunchTemplate: { Version: '1' } }]);
    await start(group, wanted, { StandbyInstances: 'Terminate' });
    await world.refreshed(group, 'Successful');
    expect(await world.members(group, 'Standby')).toEqual([]);
    const InstanceIds = (await world.members(group)).map(({ InstanceId = '' }) => InstanceId);
    await world.asg.send(
      new SetInstanceProtectionCommand({ AutoScalingGroupName: group, InstanceIds, ProtectedFromScaleIn: true }),
    );
    await start(group, wanted, { ScaleInProtectedInstances: 'Ignore' });
    await world.refreshed(group, 'Successful');
    expect((await world.members(group)).map((one) => one.InstanceId)).toEqual(InstanceIds);
    await start(group, wanted, { ScaleInProtectedInstances: 'Refresh' });
    await world.refreshed(group, 'Successful');
    expect((await world.members(group)).map((one) => one.InstanceId)).not.toEqual(InstanceIds);
  });
});

describe('refreshes over hours', () => {
  open({ lookMs: 10_000 });

  it('ASG-REF-14 pause at checkpoints, an hour by default otherwise', async () => {
    const { group, wanted } = await fleet(2);
    const took = await world.took(async () => {
      await start(group, wanted, { CheckpointPercentages: [50, 100], MinHealthyPercentage: 50 });
      await world.refreshed(group, 'Successful');
    });
    expect(took).toBeGreaterThanOrEqual(3_600_000);
    const falling = { CheckpointPercentages: [50, 50] };
    expect(await refusal(start(group, wanted, falling))).toBe('ValidationError');
    expect(await refusal(start(group, wanted, { CheckpointDelay: 60 }))).toBe('ValidationError');
  });

  it('ASG-REF-15 wait an hour for instances in Standby, then fail, by default otherwise', async () => {
    const { group, wanted } = await fleet(2);
    await standby(group);
    const took = await world.took(async () => {
      await start(group, wanted);
      expect((await world.refreshed(group, 'Failed'))?.StatusReason).toContain('Standby');
    });
    expect(took).toBeGreaterThanOrEqual(3_600_000);
    expect(await versions(group)).toEqual(['2']);
  });
});
