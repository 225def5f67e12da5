import { until } from '@golden-pipeline/shared/testing/until';
import { describe, expect, it } from 'vitest';
import { setUp } from '../support.ts';

const code = 'IrreversibleInstanceRefresh';

describe('going back', () => {
  it('needs an image of its own in the version to go to, and in the one to go back to', async () => {
    const f = setUp();
    await f.create();
    const versions = f.cloud.state.launchTemplates['lt-1']?.versions ?? [];
    const [first, second] = versions;
    if (second) second.data = { ImageId: 'resolve:ssm:/golden/api' };
    await expect(f.startRefresh('2', { AutoRollback: true })).rejects.toMatchObject({ code });
    await f.startRefresh('2');
    await expect(f.send('RollbackInstanceRefresh', { AutoScalingGroupName: 'api' })).rejects.toMatchObject({ code });
    await f.send('CancelInstanceRefresh', { AutoScalingGroupName: 'api', WaitForTransitioningInstances: false });
    if (first) first.data = { ImageId: 'resolve:ssm:/golden/api' };
    await expect(f.startRefresh('3', { AutoRollback: true })).rejects.toMatchObject({ code });
  });

  it('is not for a refresh without a desired configuration, or from a moving version', async () => {
    const f = setUp();
    await f.create({ LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '$Default' } });
    await expect(f.startRefresh('2', { AutoRollback: true })).rejects.toThrow('$Default is not a number');
    await f.startRefresh(undefined);
    await expect(f.send('RollbackInstanceRefresh', { AutoScalingGroupName: 'api' })).rejects.toMatchObject({ code });
  });

  it('takes the percentage down to zero, and tells both ways apart', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 10 });
    await f.startRefresh('2', { MinHealthyPercentage: 80 });
    const pause = () => f.cloud.clock.advance(500);
    await until(
      () => f.refresh(),
      ({ PercentageComplete = 0 }) => PercentageComplete >= 60,
      { pause },
    );
    await f.send('RollbackInstanceRefresh', { AutoScalingGroupName: 'api' });
    const seen: number[] = [];
    for (let n = 0; n < 200 && (await f.refresh()).Status === 'RollbackInProgress'; n++) {
      const now = await f.refresh();
      seen.push(now.PercentageComplete ?? -1);
      expect(now.InstancesToUpdate).toBe(4);
      await f.cloud.clock.advance(500);
    }
    expect(seen[0]).toBe(60);
    expect(seen).toEqual([...seen].sort((a, b) => b - a));
    expect(await f.refresh()).toMatchObject({
      Status: 'RollbackSuccessful',
      PercentageComplete: 0,
      RollbackDetails: { RollbackReason: 'Manual rollback', PercentageCompleteOnRollback: 100 },
    });
    expect(f.versions()).toEqual(Array(10).fill(1));
  });
});
