import { type AutoScalingClient, DescribeScalingActivitiesCommand } from '@aws-sdk/client-auto-scaling';

/** What the newest of a group's last activities that has failed says; undefined when none of the last hundred has. */
export async function lastFailedActivity(autoScaling: AutoScalingClient, group: string): Promise<string | undefined> {
  const { Activities = [] } = await autoScaling.send(
    new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group, MaxRecords: 100 }),
  );
  return Activities.find((one) => one.StatusCode === 'Failed')?.StatusMessage;
}
