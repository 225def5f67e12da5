import { type AutoScalingClient, DescribeLifecycleHooksCommand } from '@aws-sdk/client-auto-scaling';

/** What holds instances of a group while they launch or terminate. */
export interface LifecycleHook {
  name: string;
  holds: 'launch' | 'termination';
}

/** The lifecycle hooks of a group: one call. */
export async function readLifecycleHooks(autoScaling: AutoScalingClient, group: string): Promise<LifecycleHook[]> {
  const { LifecycleHooks = [] } = await autoScaling.send(
    new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group }),
  );
  return LifecycleHooks.map((hook) => ({
    name: hook.LifecycleHookName ?? '',
    holds: hook.LifecycleTransition === 'autoscaling:EC2_INSTANCE_TERMINATING' ? 'termination' : 'launch',
  }));
}
