import { describe, expect, it } from 'vitest';
import { setUp } from '../support.ts';

async function three() {
  const f = setUp();
  await f.create({ DesiredCapacity: 2 });
  await f.cloud.clock.advance(50_000);
  await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 3 });
  await f.cloud.clock.advance(500);
  return f;
}

describe('DescribeScalingActivities', () => {
  it('shows zone and subnet of the instance, and the group', async () => {
    const f = await three();
    const { Activities } = await f.send('DescribeScalingActivities', { AutoScalingGroupName: 'api' });
    const { AutoScalingGroupARN } = await f.group();
    expect(Activities[0]).toMatchObject({ AutoScalingGroupARN, AutoScalingGroupState: undefined });
    const zone = f.inState('Pending')[0]?.availabilityZone ?? '';
    expect(JSON.parse(Activities[0].Details)).toEqual({
      'Subnet ID': f.cloud.context.region.subnets[zone],
      'Availability Zone': zone,
    });
    await f.send('DeleteAutoScalingGroup', { AutoScalingGroupName: 'api', ForceDelete: true });
    await f.cloud.clock.advance(5_000);
    const deleted = await f.send('DescribeScalingActivities', { IncludeDeletedGroups: true });
    expect(deleted.Activities[0].AutoScalingGroupState).toBe('Deleted');
  });

  it('filters by time and status', async () => {
    const f = await three();
    const count = async (Filters: object[], more: object = { AutoScalingGroupName: 'api' }) =>
      (await f.send('DescribeScalingActivities', { Filters, ...more })).Activities.length;
    const at = (Name: string, ...Values: string[]) => [{ Name, Values }];
    expect(await count(at('StartTimeLowerBound', '2026-01-01T00:00:30Z'))).toBe(1);
    expect(await count(at('StartTimeUpperBound', '2026-01-01T00:00:30'))).toBe(2);
    expect(await count(at('StartTimeLowerBound', '2026-01-01T02:00:30+02:00'))).toBe(1);
    expect(await count(at('Status', 'Successful', 'Failed'))).toBe(2);
    expect(await count(at('Status', 'InProgress'))).toBe(1);
    await expect(count(at('Status', 'InProgress'), {})).rejects.toThrow('together with AutoScalingGroupName');
    await expect(count(at('Color', 'red'))).rejects.toThrow('Filter type Color is not correct');
    await expect(count(at('StartTimeUpperBound', 'noon'))).rejects.toThrow('noon of the filter');
  });

  it('finds by id, in pages, the newest first', async () => {
    const f = await three();
    const all = (await f.send('DescribeScalingActivities', {})).Activities.map(
      (a: { ActivityId: string }) => a.ActivityId,
    );
    const first = await f.send('DescribeScalingActivities', { MaxRecords: 2 });
    const second = await f.send('DescribeScalingActivities', { MaxRecords: 2, NextToken: first.NextToken });
    expect([...first.Activities, ...second.Activities].map((a) => a.ActivityId)).toEqual(all);
    const one = await f.send('DescribeScalingActivities', { ActivityIds: [all[1]] });
    expect(one.Activities).toHaveLength(1);
  });
});
