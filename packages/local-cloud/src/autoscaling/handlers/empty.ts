import type { HandlerTable } from '../../wire/handler.ts';
import { requireGroup } from '../groups.ts';
import type { Operations } from '../operations.ts';
import { terminationPolicyNames } from '../termination-policy.ts';

/** Limits of a new account, as DescribeAccountLimits answers. */
export const MAX_GROUPS = 500;
const MAX_LAUNCH_CONFIGURATIONS = 200;

/** Questions about the account, and about what groups of this cloud never have (classic load balancers): the honest answer is none. */
export function emptyHandlers(ops: Operations): HandlerTable {
  const { state } = ops.context;
  const none = (name: string) => (request: { AutoScalingGroupName?: string }) => {
    if (request.AutoScalingGroupName) requireGroup(state, request.AutoScalingGroupName);
    return { [name]: [] };
  };
  return {
    DescribeLoadBalancers: none('LoadBalancers'),
    DescribeTerminationPolicyTypes: () => ({ TerminationPolicyTypes: terminationPolicyNames }),
    DescribeAccountLimits: () => ({
      MaxNumberOfAutoScalingGroups: MAX_GROUPS,
      MaxNumberOfLaunchConfigurations: MAX_LAUNCH_CONFIGURATIONS,
      NumberOfAutoScalingGroups: Object.keys(state.groups).length,
      NumberOfLaunchConfigurations: 0,
    }),
  };
}
