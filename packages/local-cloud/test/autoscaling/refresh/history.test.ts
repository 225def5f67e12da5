import { describe, expect, it } from 'vitest';
import { setUp } from '../support.ts';

const days = (n: number) => n * 86_400_000;

describe('the history of refreshes', () => {
  it('goes back six weeks, the newest first', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 1 });
    const started: string[] = [];
    for (const version of ['2', '3', '1']) {
      started.push((await f.startRefresh(version)).InstanceRefreshId);
      await f.cloud.clock.advance(days(20));
    }
    const ids = async () =>
      (await f.send('DescribeInstanceRefreshes', { AutoScalingGroupName: 'api' })).InstanceRefreshes.map(
        (r: { InstanceRefreshId: string }) => r.InstanceRefreshId,
      );
    expect(await ids()).toEqual(started.toReversed());
    const { InstanceRefreshId } = await f.startRefresh('2');
    expect(await ids()).toEqual([InstanceRefreshId, started[2], started[1]]);
    const page = await f.send('DescribeInstanceRefreshes', { AutoScalingGroupName: 'api', MaxRecords: 1 });
    expect(page.InstanceRefreshes).toHaveLength(1);
    const one = { AutoScalingGroupName: 'api', InstanceRefreshIds: [started[1]] };
    expect((await f.send('DescribeInstanceRefreshes', one)).InstanceRefreshes).toMatchObject([
      { Status: 'Successful' },
    ]);
  });
});
