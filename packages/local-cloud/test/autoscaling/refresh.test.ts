import { describe, expect, it } from 'vitest';
import { type Fixture, setUp } from './support.ts';

/** Lets a refresh run and notes the extremes of capacity on the way. */
async function run(f: Fixture, seconds: number) {
  const seen = { serving: Number.POSITIVE_INFINITY, total: 0 };
  for (let n = 0; n < seconds * 4; n++) {
    await f.cloud.clock.advance(250);
    seen.serving = Math.min(seen.serving, f.inState('InService').length);
    seen.total = Math.max(seen.total, f.inState('InService', 'Pending').length);
  }
  return seen;
}

describe('instance refresh', () => {
  it('100/200: launches all first, ends the old ones after, then the group adopts the version', async () => {
    const f = setUp();
    await f.create();
    await f.startRefresh('2', { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 });
    await f.cloud.clock.advance(500);
    expect(await f.refresh()).toMatchObject({
      Status: 'InProgress',
      PercentageComplete: 0,
      InstancesToUpdate: 4,
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '2' } },
      Preferences: {
        SkipMatching: false,
        AutoRollback: false,
        StandbyInstances: 'Wait',
        ScaleInProtectedInstances: 'Wait',
      },
    });
    expect(f.record().launchTemplate.version).toBe('1');
    const seen = await run(f, 15);
    expect(seen).toEqual({ serving: 4, total: 8 });
    expect(await f.refresh()).toMatchObject({ Status: 'Successful', PercentageComplete: 100, InstancesToUpdate: 0 });
    expect(f.versions()).toEqual([2, 2, 2, 2]);
    expect(f.record().launchTemplate).toEqual({ id: 'lt-1', version: '2' });
  });

  it.each([
    ['90/110 of 10', 10, { MinHealthyPercentage: 90, MaxHealthyPercentage: 110 }, 9, 11],
    ['100/110 of 10', 10, { MinHealthyPercentage: 100, MaxHealthyPercentage: 110 }, 10, 11],
    ['50 of 4', 4, { MinHealthyPercentage: 50 }, 2, 4],
    ['the defaults of 4: one at a time, ended first', 4, {}, 3, 4],
    ['100/100 of 4: one at a time, launched first', 4, { MinHealthyPercentage: 100, MaxHealthyPercentage: 100 }, 4, 5],
    ['the defaults of 1', 1, {}, 0, 1],
  ])('keeps the bounds: %s', async (_name, DesiredCapacity, preferences, serving, total) => {
    const f = setUp();
    await f.create({ DesiredCapacity });
    await f.startRefresh('2', preferences);
    expect(await run(f, 90)).toEqual({ serving, total });
    expect((await f.refresh()).Status).toBe('Successful');
    expect(f.versions()).toEqual(Array(DesiredCapacity).fill(2));
  });

  it('counts an instance only after its warm-up', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 2 });
    await f.startRefresh('2', { MinHealthyPercentage: 100, MaxHealthyPercentage: 200, InstanceWarmup: 60 });
    await f.cloud.clock.advance(50_000);
    expect(f.versions()).toEqual([1, 1, 2, 2]);
    expect((await f.refresh()).StatusReason).toMatch(
      /^Waiting for remaining instances to be available. For example: i-/,
    );
    await f.cloud.clock.advance(20_000);
    expect((await f.refresh()).Status).toBe('Successful');
  });

  it('skips what matches, and adopts at once in an empty group', async () => {
    const f = setUp();
    await f.create();
    const ids = f.record().instances.map((i) => i.instanceId);
    await f.startRefresh('1', { SkipMatching: true });
    await f.cloud.clock.advance(2_000);
    expect(await f.refresh()).toMatchObject({ Status: 'Successful', PercentageComplete: 100 });
    expect(f.record().instances.map((i) => i.instanceId)).toEqual(ids);
    await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 0 });
    await f.cloud.clock.advance(10_000);
    await f.startRefresh('$Latest');
    expect((await f.refresh()).Status).toBe('Successful');
    expect(f.record().launchTemplate.version).toBe('$Latest');
  });

  it('bakes before it is successful', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 1 });
    await f.startRefresh('2', { BakeTime: 30 });
    await f.cloud.clock.advance(20_000);
    expect((await f.refresh()).Status).toBe('Baking');
    expect(f.record().launchTemplate.version).toBe('1');
    await f.cloud.clock.advance(30_000);
    expect((await f.refresh()).Status).toBe('Successful');
  });

  it('pauses at checkpoints, an hour by default otherwise', async () => {
    const f = setUp();
    await f.create();
    await f.startRefresh('2', { MinHealthyPercentage: 50, CheckpointPercentages: [50, 100] });
    await f.cloud.clock.advance(60_000);
    expect(f.versions()).toEqual([1, 1, 2, 2]);
    expect(await f.refresh()).toMatchObject({ PercentageComplete: 50, Preferences: { CheckpointDelay: 3600 } });
    await f.cloud.clock.advance(3_600_000);
    expect((await f.refresh()).Status).toBe('Successful');
    expect(f.versions()).toEqual([2, 2, 2, 2]);
  });

  it('fails when replacements do not get healthy, and leaves the group on its version', async () => {
    const f = setUp();
    await f.create();
    f.cloud.badVersions.add(2);
    await f.startRefresh('2', { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 });
    await f.cloud.clock.advance(60_000);
    const failed = await f.refresh();
    expect(failed.Status).toBe('Failed');
    expect(failed.StatusReason).toMatch(
      /consecutive replacements did not become healthy.*ELB system health check failure/,
    );
    expect(f.versions()).toEqual([1, 1, 1, 1]);
  });

  it('rolls back by itself when told to, to the version before', async () => {
    const f = setUp();
    await f.create();
    f.cloud.badVersions.add(2);
    await f.startRefresh('2', { MinHealthyPercentage: 75, AutoRollback: true });
    await f.cloud.clock.advance(120_000);
    const back = await f.refresh();
    expect(back.Status).toBe('RollbackSuccessful');
    expect(back.RollbackDetails).toMatchObject({ PercentageCompleteOnRollback: 100, InstancesToUpdateOnRollback: 0 });
    expect(f.versions()).toEqual([1, 1, 1, 1]);
    expect(f.record().launchTemplate.version).toBe('1');
  });

  it('fails the rollback when the old version does not start either', async () => {
    const f = setUp();
    await f.create();
    f.cloud.brokenBoots.add(2).add(1);
    await f.startRefresh('2', { MinHealthyPercentage: 50, AutoRollback: true });
    await f.cloud.clock.advance(200_000);
    expect((await f.refresh()).Status).toBe('RollbackFailed');
  });

  it('rolls an active refresh back on request', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 10 });
    await f.startRefresh('2');
    await f.cloud.clock.advance(12_000);
    expect(f.versions()).toContain(2);
    await f.send('RollbackInstanceRefresh', { AutoScalingGroupName: 'api' });
    expect((await f.refresh()).Status).toBe('RollbackInProgress');
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('RollbackSuccessful');
    expect(f.versions()).toEqual(Array(10).fill(1));
  });

  it('cancels without reverting, then a new refresh may start', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 10 });
    await f.startRefresh('2');
    await expect(f.startRefresh('3')).rejects.toMatchObject({ code: 'InstanceRefreshInProgress' });
    await f.cloud.clock.advance(12_000);
    await f.send('CancelInstanceRefresh', { AutoScalingGroupName: 'api' });
    expect((await f.refresh()).Status).toBe('Cancelling');
    await f.cloud.clock.advance(30_000);
    expect((await f.refresh()).Status).toBe('Cancelled');
    expect(new Set(f.versions())).toEqual(new Set([1, 2]));
    expect(f.inState('InService')).toHaveLength(10);
    await expect(f.send('CancelInstanceRefresh', { AutoScalingGroupName: 'api' })).rejects.toMatchObject({
      code: 'ActiveInstanceRefreshNotFound',
    });
    await f.startRefresh('3', { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 });
    await f.cloud.clock.advance(30_000);
    expect(f.versions()).toEqual(Array(10).fill(3));
  });

  it('keeps the serving instances when a launch-first refresh is canceled early', async () => {
    const f = setUp();
    await f.create();
    await f.startRefresh('2', { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 });
    await f.cloud.clock.advance(1_500);
    await f.send('CancelInstanceRefresh', { AutoScalingGroupName: 'api' });
    await f.cloud.clock.advance(10_000);
    expect(f.versions()).toEqual([1, 1, 1, 1]);
  });

  it.each(['standby', 'protected'])('waits an hour for what is %s, then fails', async (kind) => {
    const f = setUp();
    await f.create();
    const id = f.record().instances[0]?.instanceId;
    if (kind === 'standby') {
      await f.send('EnterStandby', {
        AutoScalingGroupName: 'api',
        InstanceIds: [id],
        ShouldDecrementDesiredCapacity: true,
      });
    } else
      await f.send('SetInstanceProtection', {
        AutoScalingGroupName: 'api',
        InstanceIds: [id],
        ProtectedFromScaleIn: true,
      });
    await f.cloud.clock.advance(5_000);
    await f.startRefresh('2');
    await f.cloud.clock.advance(3_500_000);
    expect(await f.refresh()).toMatchObject({ Status: 'InProgress' });
    await f.cloud.clock.advance(200_000);
    expect(await f.refresh()).toMatchObject({
      Status: 'Failed',
      StatusReason: expect.stringContaining('Gave up after 3600 seconds'),
    });
    expect(f.record().instances.map((i) => i.instanceId)).toContain(id);
  });

  it('ignores, ends or replaces what is held, as the preferences say', async () => {
    const f = setUp();
    await f.create();
    const [a, b, c] = f.record().instances.map((i) => i.instanceId);
    await f.send('EnterStandby', {
      AutoScalingGroupName: 'api',
      InstanceIds: [a],
      ShouldDecrementDesiredCapacity: true,
    });
    await f.send('SetInstanceProtection', {
      AutoScalingGroupName: 'api',
      InstanceIds: [b, c],
      ProtectedFromScaleIn: true,
    });
    await f.cloud.clock.advance(5_000);
    await f.startRefresh('2', { StandbyInstances: 'Ignore', ScaleInProtectedInstances: 'Ignore' });
    await f.cloud.clock.advance(30_000);
    expect((await f.refresh()).Status).toBe('Successful');
    expect(f.versions()).toEqual([1, 1, 2]);
    expect(f.inState('Standby')).toHaveLength(1);
    await f.startRefresh('3', { StandbyInstances: 'Terminate', ScaleInProtectedInstances: 'Refresh' });
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('Successful');
    expect(f.versions()).toEqual([3, 3, 3]);
    expect(f.record().instances).toHaveLength(3);
  });

  it('refuses preferences and rollbacks that AWS refuses', async () => {
    const f = setUp();
    await f.create();
    const refused = (version: string | undefined, preferences: object, code: string) =>
      expect(f.startRefresh(version, preferences)).rejects.toMatchObject({ code });
    await refused('2', { MinHealthyPercentage: 101 }, 'ValidationError');
    await refused('2', { MaxHealthyPercentage: 110 }, 'ValidationError');
    await refused('2', { MinHealthyPercentage: 50, MaxHealthyPercentage: 200 }, 'ValidationError');
    await refused('2', { CheckpointPercentages: [50, 50] }, 'ValidationError');
    await refused('9', {}, 'ValidationError');
    await refused(undefined, { AutoRollback: true }, 'IrreversibleInstanceRefresh');
    await refused('$Latest', { AutoRollback: true }, 'IrreversibleInstanceRefresh');
    await expect(f.send('RollbackInstanceRefresh', { AutoScalingGroupName: 'api' })).rejects.toMatchObject({
      code: 'ActiveInstanceRefreshNotFound',
    });
    expect(f.cloud.state.refreshes).toEqual({});
  });

  it('stands still while InstanceRefresh is suspended', async () => {
    const f = setUp();
    await f.create();
    await f.send('SuspendProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['InstanceRefresh'] });
    await f.startRefresh('2');
    await f.cloud.clock.advance(30_000);
    expect((await f.refresh()).Status).toBe('Pending');
    await f.send('ResumeProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['InstanceRefresh'] });
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('Successful');
  });
});
