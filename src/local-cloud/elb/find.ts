import type { CloudState, ListenerRecord, LoadBalancerRecord, RuleRecord, TargetGroupRecord } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import { forwardWeights } from './haproxy/weights.ts';
import { required } from './validate.ts';

/** The record of an ARN, or ELB's refusal that names what was asked for. */
function find<T>(table: Record<string, T>, arn: string | undefined, what: string, plural: string, code: string): T {
  const key = required(arn, `${what} ARN`);
  const record = Object.hasOwn(table, key) ? table[key] : undefined;
  if (!record) throw new CloudError(code, `One or more ${plural} not found: '${key}'`);
  return record;
}

export const findLoadBalancer = (state: CloudState, arn?: string): LoadBalancerRecord =>
  find(state.loadBalancers, arn, 'load balancer', 'load balancers', 'LoadBalancerNotFound');
export const findTargetGroup = (state: CloudState, arn?: string): TargetGroupRecord =>
  find(state.targetGroups, arn, 'target group', 'target groups', 'TargetGroupNotFound');
export const findListener = (state: CloudState, arn?: string): ListenerRecord =>
  find(state.listeners, arn, 'listener', 'listeners', 'ListenerNotFound');
export const findRule = (state: CloudState, arn?: string): RuleRecord =>
  find(state.rules, arn, 'rule', 'rules', 'RuleNotFound');

/** ARNs of the target groups that an owner's actions forward to, whatever their weights. */
export function forwardsTo(actions: Record<string, unknown>[]): string[] {
  return actions.flatMap((action) => forwardWeights(action).map(({ arn }) => arn));
}

/** ARNs of load balancers that use each target group, by target group. */
export function usage(state: CloudState): Map<string, Set<string>> {
  const uses = new Map<string, Set<string>>();
  const note = (actions: Record<string, unknown>[], balancer: string): void => {
    for (const arn of forwardsTo(actions)) uses.set(arn, (uses.get(arn) ?? new Set()).add(balancer));
  };
  for (const listener of Object.values(state.listeners)) note(listener.defaultActions, listener.loadBalancerArn);
  for (const rule of Object.values(state.rules)) {
    const listener = state.listeners[rule.listenerArn];
    if (listener) note(rule.actions, listener.loadBalancerArn);
  }
  return uses;
}
