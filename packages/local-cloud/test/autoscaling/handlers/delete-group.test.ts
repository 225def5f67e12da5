import { describe, expect, it } from 'vitest';
import { setUp } from '../support.ts';

const AutoScalingGroupName = 'api';

describe('DeleteAutoScalingGroup', () => {
  it('wants an empty group at rest, or force', async () => {
    const f = setUp();
    await f.create();
    const remove = (ForceDelete?: boolean) => f.send('DeleteAutoScalingGroup', { AutoScalingGroupName, ForceDelete });
    await expect(remove()).rejects.toMatchObject({ code: 'ResourceInUse' });
    await f.send('SetDesiredCapacity', { AutoScalingGroupName, DesiredCapacity: 5 });
    await f.service.idle();
    await expect(remove()).rejects.toMatchObject({ code: 'ScalingActivityInProgress' });
    await f.startRefresh('2');
    await remove(true);
    await f.cloud.clock.advance(5_000);
    expect(f.cloud.state).toMatchObject({ groups: {}, refreshes: {} });
    expect(Object.values(f.cloud.state.instances).every((one) => one.state === 'terminated')).toBe(true);
  });

  it('removes an empty group at once', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 0 });
    await f.send('DeleteAutoScalingGroup', { AutoScalingGroupName });
    expect(f.cloud.state.groups).toEqual({});
  });

  it('minds the deletion protection', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 0, DeletionProtection: 'prevent-force-deletion' });
    expect((await f.group()).DeletionProtection).toBe('prevent-force-deletion');
    const force = { AutoScalingGroupName, ForceDelete: true };
    await expect(f.send('DeleteAutoScalingGroup', force)).rejects.toMatchObject({ code: 'ValidationError' });
    await f.send('UpdateAutoScalingGroup', { AutoScalingGroupName, DeletionProtection: 'prevent-all-deletion' });
    await expect(f.send('DeleteAutoScalingGroup', { AutoScalingGroupName })).rejects.toThrow('is prevent-all-deletion');
    await f.send('UpdateAutoScalingGroup', { AutoScalingGroupName, DeletionProtection: 'none' });
    await f.send('DeleteAutoScalingGroup', force);
    expect(f.cloud.state.groups).toEqual({});
  });
});
