import type { CloudState, ListenerRecord, LoadBalancerRecord, RuleRecord, TargetGroupRecord } from '../model.ts';
import { account } from '../settings.ts';
import { CloudError } from '../wire/handler.ts';
import { invalid } from './errors.ts';
import { forwardWeights } from './haproxy/weights.ts';
import { required } from './validate.ts';

/**
 * The record of an ARN, or ELB's refusal that names what was requested.
 * @param kind what the ARN's resource begins with
 * @throws CloudError of `code`; `ValidationError` for what is not an ARN of this kind, or one of another account
 */
function find<T>(table: Record<string, T>, arn: string | undefined, what: string, kind: string, code: string): T {
  const key = required(arn, `${what} ARN`);
  const wellFormed = `^arn:aws:elasticloadbalancing:[a-z0-9-]+:${account.id}:${kind}/[A-Za-z0-9-]+(/[A-Za-z0-9-]+)+$`;
  if (!new RegExp(wellFormed).test(key)) throw invalid(`'${key}' is not a valid ${what} ARN`);
  const record = Object.hasOwn(table, key) ? table[key] : undefined;
  if (!record) throw new CloudError(code, `One or more ${what}s not found: '${key}'`);
  return record;
}

export const findLoadBalancer = (state: CloudState, arn?: string): LoadBalancerRecord =>
  find(state.loadBalancers, arn, 'load balancer', 'loadbalancer', 'LoadBalancerNotFound');
export const findTargetGroup = (state: CloudState, arn?: string): TargetGroupRecord =>
  find(state.targetGroups, arn, 'target group', 'targetgroup', 'TargetGroupNotFound');
export const findListener = (state: CloudState, arn?: string): ListenerRecord =>
  find(state.listeners, arn, 'listener', 'listener', 'ListenerNotFound');
export const findRule = (state: CloudState, arn?: string): RuleRecord =>
  find(state.rules, arn, 'rule', 'listener-rule', 'RuleNotFound');

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
