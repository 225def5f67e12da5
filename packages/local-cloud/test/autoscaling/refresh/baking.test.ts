import { describe, expect, it } from 'vitest';
import { arn, type Fixture, setUp } from '../support.ts';

const AutoScalingGroupName = 'api';

/** A refresh to version 2 that has replaced all and bakes for ten minutes. */
async function baking(more: object = {}): Promise<Fixture> {
  const f = setUp();
  await f.create();
  await f.startRefresh('2', { MinHealthyPercentage: 50, BakeTime: 600, ...more });
  for (let n = 0; n < 400 && (await f.refresh()).Status !== 'Baking'; n++) await f.cloud.clock.advance(250);
  expect(await f.refresh()).toMatchObject({ Status: 'Baking', PercentageComplete: 100, InstancesToUpdate: 0 });
  return f;
}

describe('baking', () => {
  it('keeps the group up from the new version, which is the group’s only afterwards', async () => {
    const f = await baking();
    f.cloud.setInstance(f.ids()[0] ?? '', 'terminated');
    await f.send('SetDesiredCapacity', { AutoScalingGroupName, DesiredCapacity: 5 });
    await f.cloud.clock.advance(10_000);
    expect(f.versions()).toEqual([2, 2, 2, 2, 2]);
    expect(f.record().launchTemplate.version).toBe('1');
    await f.cloud.clock.advance(600_000);
    expect((await f.refresh()).Status).toBe('Successful');
    expect(f.record().launchTemplate.version).toBe('2');
  });

  it('can be rolled back, and canceled', async () => {
    const f = await baking();
    await f.send('RollbackInstanceRefresh', { AutoScalingGroupName });
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('RollbackSuccessful');
    expect(f.versions()).toEqual([1, 1, 1, 1]);
    const g = await baking();
    await g.send('CancelInstanceRefresh', { AutoScalingGroupName });
    await g.cloud.clock.advance(60_000);
    expect((await g.refresh()).Status).toBe('Cancelled');
    expect(g.versions()).toEqual([2, 2, 2, 2]);
    expect(g.record().launchTemplate.version).toBe('1');
  });

  it('blocks another refresh', async () => {
    const f = await baking();
    await expect(f.startRefresh('3')).rejects.toMatchObject({ code: 'InstanceRefreshInProgress' });
  });

  it('goes on for what is left of it after a restart', async () => {
    const f = await baking();
    await f.restart(500_000);
    expect((await f.refresh()).Status).toBe('Baking');
    await f.cloud.clock.advance(100_000);
    expect((await f.refresh()).Status).toBe('Successful');
  });

  it('fails, or rolls back, when the new version breaks down', async () => {
    const f = await baking({ AutoRollback: true });
    f.cloud.badVersions.add(2);
    for (const id of f.ids()) f.cloud.setTarget(arn, id, 'unhealthy');
    await f.cloud.clock.advance(120_000);
    expect((await f.refresh()).Status).toBe('RollbackSuccessful');
    expect(f.versions()).toEqual([1, 1, 1, 1]);
  });
});
