import { type AutoScalingClient, DescribeScalingActivitiesCommand } from '@aws-sdk/client-auto-scaling';

/** One launch, termination or move of an instance, as a group has recorded it. */
export interface Activity {
  /** `Launching a new EC2 instance: i-1` */
  description: string;
  /** `Successful`, `Failed`, `Cancelled`, `MidLifecycleAction` while a lifecycle hook holds the instance ... */
  status: string;
  /** Why it has failed or was canceled. */
  message?: string;
  /** What it was done for: `At 2026-01-31T09:00:00Z instance i-1 was moved out of standby in response to a user request ...` */
  cause?: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** The last hundred activities of a group, newest first: one call. */
export async function readActivities(autoScaling: AutoScalingClient, group: string): Promise<Activity[]> {
  const { Activities = [] } = await autoScaling.send(
    new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group, MaxRecords: 100 }),
  );
  return Activities.map((one) => ({
    description: one.Description ?? '',
    status: one.StatusCode ?? '',
    message: one.StatusMessage,
    ...(one.Cause !== undefined && { cause: one.Cause }),
    startedAt: one.StartTime?.getTime() ?? 0,
  }));
}

/** True for the launch of an instance, by AWS's description. */
export function isLaunch({ description }: Activity): boolean {
  return description.startsWith('Launching');
}

/** True for an activity that has finished without success. */
export function hasFailed({ status }: Activity): boolean {
  return status === 'Failed' || status === 'Cancelled';
}
