import { describe, expect, it } from 'vitest';
import { setUp } from '../support.ts';

const AutoScalingGroupName = 'api';
const TopicARN = 'arn:aws:sns:eu-west-1:000000000000:topic';
const launch = 'autoscaling:EC2_INSTANCE_LAUNCH';
const terminate = 'autoscaling:EC2_INSTANCE_TERMINATE';

describe('notifications and metrics', () => {
  it('keep the types of a topic, replaced as a whole', async () => {
    const f = setUp();
    await f.create();
    const put = (more: object) => f.send('PutNotificationConfiguration', { AutoScalingGroupName, TopicARN, ...more });
    await put({ NotificationTypes: [launch, terminate] });
    await put({ NotificationTypes: [terminate] });
    const { NotificationConfigurations } = await f.send('DescribeNotificationConfigurations', {});
    expect(NotificationConfigurations).toEqual([{ AutoScalingGroupName, TopicARN, NotificationType: terminate }]);
    await expect(put({ NotificationTypes: ['autoscaling:NAP'] })).rejects.toThrow(
      'Invalid notification type: autoscaling:NAP',
    );
    await expect(put({ NotificationTypes: [] })).rejects.toThrow('At least one notification type');
    await expect(put({ TopicARN: 'topic', NotificationTypes: [launch] })).rejects.toThrow('Invalid TopicARN: topic');
    await f.send('DeleteNotificationConfiguration', { AutoScalingGroupName, TopicARN });
    const none = await f.send('DescribeNotificationConfigurations', { AutoScalingGroupNames: [AutoScalingGroupName] });
    expect(none.NotificationConfigurations).toEqual([]);
    expect((await f.send('DescribeAutoScalingNotificationTypes', {})).AutoScalingNotificationTypes).toContain(launch);
  });

  it('switch metrics on and off, all or some', async () => {
    const f = setUp();
    await f.create();
    const { Metrics, Granularities } = await f.send('DescribeMetricCollectionTypes', {});
    expect(Granularities).toEqual([{ Granularity: '1Minute' }]);
    await f.send('EnableMetricsCollection', { AutoScalingGroupName, Granularity: '1Minute' });
    expect((await f.group()).EnabledMetrics).toHaveLength(Metrics.length);
    await f.send('DisableMetricsCollection', { AutoScalingGroupName });
    await f.send('EnableMetricsCollection', {
      AutoScalingGroupName,
      Granularity: '1Minute',
      Metrics: ['GroupMinSize'],
    });
    expect((await f.group()).EnabledMetrics).toEqual([{ Metric: 'GroupMinSize', Granularity: '1Minute' }]);
    const wrong = { AutoScalingGroupName, Granularity: '1Minute', Metrics: ['GroupMood'] };
    await expect(f.send('EnableMetricsCollection', wrong)).rejects.toThrow('Invalid metric type: GroupMood');
    await expect(f.send('EnableMetricsCollection', { AutoScalingGroupName })).rejects.toThrow(
      'Granularity must be 1Minute',
    );
  });
});
