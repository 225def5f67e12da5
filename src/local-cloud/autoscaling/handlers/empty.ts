import type { HandlerTable } from '../../wire/handler.ts';
import { requireGroup } from '../groups.ts';
import type { Operations } from '../runtime.ts';
import { terminationPolicyNames } from '../termination-policy.ts';

/** Limits of a new account, as DescribeAccountLimits answers. */
const MAX_GROUPS = 500;
const MAX_LAUNCH_CONFIGURATIONS = 200;

/**
 * Questions about what groups of this cloud never have (hooks, warm pools, scheduled actions, policies, notifications):
 * the honest answer is none. Tools that look at a whole group ask them.
 */
export function emptyHandlers(ops: Operations): HandlerTable {
  const { state } = ops.context;
  const none = (name: string) => (request: { AutoScalingGroupName?: string }) => {
    if (request.AutoScalingGroupName) requireGroup(state, request.AutoScalingGroupName);
    return { [name]: [] };
  };
  return {
    DescribeLifecycleHooks: none('LifecycleHooks'),
    DescribeScheduledActions: none('ScheduledUpdateGroupActions'),
    DescribePolicies: none('ScalingPolicies'),
    DescribeLoadBalancers: none('LoadBalancers'),
    DescribeNotificationConfigurations: none('NotificationConfigurations'),
    DescribeWarmPool: none('Instances'),
    DescribeTerminationPolicyTypes: () => ({ TerminationPolicyTypes: terminationPolicyNames }),
    DescribeAccountLimits: () => ({
      MaxNumberOfAutoScalingGroups: MAX_GROUPS,
      MaxNumberOfLaunchConfigurations: MAX_LAUNCH_CONFIGURATIONS,
      NumberOfAutoScalingGroups: Object.keys(state.groups).length,
      NumberOfLaunchConfigurations: 0,
    }),
  };
}
