import type { CloudState } from '../model.ts';
import { CloudError } from '../wire/handler.ts';

/** Quotas of Application Load Balancers that this cloud holds to, by AWS's names and with its defaults (DescribeAccountLimits). */
export const limits = {
  'application-load-balancers': 50,
  'target-groups': 3000,
  'listeners-per-application-load-balancer': 50,
  'rules-per-application-load-balancer': 100,
  'condition-values-per-alb-rule': 5,
  'target-groups-per-action-on-application-load-balancer': 5,
  'targets-per-target-group': 1000,
  'targets-per-application-load-balancer': 1000,
} as const;

/** @throws CloudError `TooManyLoadBalancers` when the region has no room for another one */
export function checkBalancerCount(state: CloudState): void {
  refuseBeyond(
    Object.keys(state.loadBalancers).length,
    limits['application-load-balancers'],
    'LoadBalancers',
    'load balancers',
  );
}

/** @throws CloudError `TooManyTargetGroups` when the region has no room for another one */
export function checkGroupCount(state: CloudState): void {
  refuseBeyond(Object.keys(state.targetGroups).length, limits['target-groups'], 'TargetGroups', 'target groups');
}

/** @throws CloudError `TooManyListeners` when the load balancer has no room for another one */
export function checkListenerCount(state: CloudState, balancerArn: string): void {
  const count = Object.values(state.listeners).filter((one) => one.loadBalancerArn === balancerArn).length;
  refuseBeyond(count, limits['listeners-per-application-load-balancer'], 'Listeners', 'listeners on a load balancer');
}

function refuseBeyond(count: number, limit: number, code: string, what: string): void {
  if (count < limit) return;
  throw new CloudError(`TooMany${code}`, `The maximum number of ${what}, which is ${limit}, has been reached`);
}
