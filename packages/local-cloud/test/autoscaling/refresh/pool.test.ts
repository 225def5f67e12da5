import { describe, expect, it } from 'vitest';
import { desire, pooled } from '../warm-pool/support.ts';

describe('a refresh over a warm pool', () => {
  it('replaces what is in service first, then the pool', async () => {
    const f = await pooled();
    await f.startRefresh('2', { MinHealthyPercentage: 50 });
    for (let n = 0; n < 100 && f.versions().includes(1); n++) {
      expect(f.inState('Warmed:Stopped')).toHaveLength(3);
      await f.cloud.clock.advance(200);
    }
    await f.cloud.clock.advance(500);
    expect(await f.refresh()).toMatchObject({
      Status: 'InProgress',
      ProgressDetails: { LivePoolProgress: { PercentageComplete: 100, InstancesToUpdate: 0 } },
    });
    await f.cloud.clock.advance(20_000);
    expect(await f.refresh()).toMatchObject({
      Status: 'Successful',
      PercentageComplete: 100,
      ProgressDetails: { WarmPoolProgress: { PercentageComplete: 100, InstancesToUpdate: 0 } },
    });
    expect(f.inState('Warmed:Stopped').map((i) => i.launchTemplate.version)).toEqual([2, 2, 2]);
  });

  it('takes nothing of the old version out of the pool meanwhile', async () => {
    const f = await pooled();
    await f.startRefresh('2', { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 });
    await f.cloud.clock.advance(20_000);
    expect(f.cloud.started).toEqual([]);
    expect(f.versions()).toEqual([2, 2]);
  });

  it('leaves a pool that matches when told to skip', async () => {
    const f = await pooled();
    const ids = f.ids();
    await f.startRefresh('1', { SkipMatching: true });
    await f.cloud.clock.advance(5_000);
    expect((await f.refresh()).Status).toBe('Successful');
    expect(f.ids()).toEqual(ids);
  });

  it('rolls the pool back too', async () => {
    const f = await pooled();
    await f.startRefresh('2', { MinHealthyPercentage: 50 });
    for (let n = 0; n < 100 && !f.inState('Warmed:Pending').length; n++) await f.cloud.clock.advance(200);
    await f.send('RollbackInstanceRefresh', { AutoScalingGroupName: 'api' });
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('RollbackSuccessful');
    expect(f.record().instances.map((i) => i.launchTemplate.version)).toEqual([1, 1, 1, 1, 1]);
  });

  it('replaces what returns to the pool', async () => {
    const f = await pooled({ InstanceReusePolicy: { ReuseOnScaleIn: true } });
    await desire(f, 4);
    await f.cloud.clock.advance(10_000);
    await desire(f, 2);
    await f.service.idle();
    await f.startRefresh('2', { MinHealthyPercentage: 50 });
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('Successful');
    expect(new Set(f.record().instances.map((i) => i.launchTemplate.version))).toEqual(new Set([2]));
  });

  it('fails after an hour when the pool does not fill', async () => {
    const f = await pooled();
    await f.startRefresh('2', { MinHealthyPercentage: 50 });
    for (let n = 0; n < 100 && f.versions().includes(1); n++) await f.cloud.clock.advance(200);
    f.cloud.launchError = 'no room';
    await f.cloud.clock.advance(3_700_000);
    expect(await f.refresh()).toMatchObject({
      Status: 'Failed',
      StatusReason: expect.stringContaining('Waiting for the warm pool to be replaced'),
    });
  });
});
