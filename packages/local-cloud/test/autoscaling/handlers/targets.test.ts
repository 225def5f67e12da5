import { describe, expect, it } from 'vitest';
import { arn, setUp } from '../support.ts';

const AutoScalingGroupName = 'api';

describe('target groups of a group', () => {
  it('are attached ten at a time at the most, by ARN', async () => {
    const f = setUp();
    await f.create({ TargetGroupARNs: [] });
    const TargetGroupARNs = Array.from({ length: 11 }, (_, n) => `${arn}${n}`);
    for (const one of TargetGroupARNs) f.cloud.targetGroup(one);
    const attach = (ARNs: string[]) =>
      f.send('AttachLoadBalancerTargetGroups', { AutoScalingGroupName, TargetGroupARNs: ARNs });
    await expect(attach(TargetGroupARNs)).rejects.toThrow('Between 1 and 10 target groups can be given, but 11 were');
    await expect(attach([])).rejects.toThrow('but 0 were');
    await attach(TargetGroupARNs.slice(0, 10));
    expect((await f.group()).TrafficSources).toHaveLength(10);
    const sources = (TrafficSources: object[]) =>
      f.send('AttachTrafficSources', { AutoScalingGroupName, TrafficSources });
    await expect(sources([{ Identifier: '' }])).rejects.toThrow('must have an Identifier');
    await expect(sources([{ Identifier: 'lb', Type: 'elb' }])).rejects.toThrow('type elb are not supported');
  });

  it('come with a new group as traffic sources too', async () => {
    const f = setUp();
    await f.create({ TargetGroupARNs: [], TrafficSources: [{ Identifier: arn, Type: 'elbv2' }] });
    const { TrafficSources } = await f.send('DescribeTrafficSources', {
      AutoScalingGroupName,
      TrafficSourceType: 'elbv2',
    });
    expect(TrafficSources).toMatchObject([{ Identifier: arn, State: 'InService' }]);
    const none = await f.send('DescribeTrafficSources', { AutoScalingGroupName, TrafficSourceType: 'vpc-lattice' });
    expect(none.TrafficSources).toEqual([]);
    await f.send('DetachTrafficSources', { AutoScalingGroupName, TrafficSources: [{ Identifier: arn }] });
    await expect(
      f.send('DetachTrafficSources', { AutoScalingGroupName, TrafficSources: [{ Identifier: arn }] }),
    ).rejects.toThrow('not part of the group');
  });
});
