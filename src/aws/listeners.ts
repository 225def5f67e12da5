import { isDeepStrictEqual } from 'node:util';
import {
  type Action,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  type ElasticLoadBalancingV2Client,
  ModifyListenerCommand,
  ModifyRuleCommand,
  ModifyTargetGroupAttributesCommand,
  paginateDescribeRules,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { awsCode, isNotFound } from './errors.ts';
import { observedChange } from './observed.ts';

/** A target group and its weight (0 to 999). Its share of the requests is its weight divided by the sum of weights. */
export interface Weight {
  targetGroupArn: string;
  weight: number;
}

/** A listener as the pipeline sees it. */
export interface Listener {
  arn: string;
  /** E.g. `http://name.elb.amazonaws.com:80`. */
  url: string;
  /** Targets of its default action; empty when that does not forward. */
  weights: Weight[];
}

/** A default action or rule of a listener that forwards to target groups. */
export interface Route {
  kind: 'listener' | 'rule';
  arn: string;
  /** The listener that it belongs to, its own ARN for a default action. */
  listenerArn: string;
  weights: Weight[];
  /**
   * Duration of target group stickiness in seconds, where it is enabled. Such clients stay with their target group
   * whatever the weights are.
   */
  stickySeconds?: number;
  /** Header and value that requests must have; absent for a route of all requests. */
  header?: { name: string; values: string[] };
  /** As AWS returns them, so that a change of weights keeps everything else. */
  actions: Action[];
}

/**
 * The listener of a load balancer on a port.
 * @throws PipelineError `balancer.missing` or `listener.missing`
 */
export async function readListener(elb: ElasticLoadBalancingV2Client, name: string, port: number): Promise<Listener> {
  try {
    const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({ Names: [name] }));
    const balancer = LoadBalancers?.[0];
    if (balancer?.DNSName) {
      const { Listeners } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn: balancer.LoadBalancerArn }));
      const listener = Listeners?.find((one) => one.Port === port);
      if (!listener) throw noListener(name, port, Listeners?.flatMap((one) => one.Port ?? []) ?? []);
      return {
        arn: listener.ListenerArn ?? '',
        url: `${listener.Protocol === 'HTTPS' ? 'https' : 'http'}://${balancer.DNSName}:${port}`,
        weights: weightsOf(listener.DefaultActions),
      };
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  throw missing('balancer.missing', `there is no load balancer ${name}`);
}

/** All routes of a listener that forward to target groups, the default action among them: one call, or a few with many rules. */
export async function readRoutes(elb: ElasticLoadBalancingV2Client, listenerArn: string): Promise<Route[]> {
  const routes: Route[] = [];
  for await (const page of paginateDescribeRules({ client: elb }, { ListenerArn: listenerArn })) {
    for (const rule of page.Rules ?? []) {
      const weights = weightsOf(rule.Actions);
      if (weights.length === 0) continue;
      const header = rule.Conditions?.find((one) => one.HttpHeaderConfig)?.HttpHeaderConfig;
      routes.push({
        ...(rule.IsDefault ? { kind: 'listener', arn: listenerArn } : { kind: 'rule', arn: rule.RuleArn ?? '' }),
        listenerArn,
        weights,
        ...stickinessOf(rule.Actions),
        ...(header ? { header: { name: header.HttpHeaderName ?? '', values: header.Values ?? [] } } : {}),
        actions: rule.Actions ?? [],
      });
    }
  }
  return routes;
}

/**
 * Sets the weights of a route: one call. Conditions, priority and its other actions stay as they are.
 * @param unstick Disables target group stickiness with the same call, so that the weights apply to every client.
 */
export async function setWeights(
  elb: ElasticLoadBalancingV2Client,
  route: Route,
  weights: Weight[],
  { unstick = false }: { unstick?: boolean } = {},
): Promise<void> {
  const free = unstick && route.stickySeconds !== undefined;
  const actions = route.actions.map((action) =>
    action.Type === 'forward' ? withWeights(action, weights, free) : kept(action),
  );
  await observedChange(
    () =>
      route.kind === 'listener'
        ? elb.send(new ModifyListenerCommand({ ListenerArn: route.arn, DefaultActions: actions }))
        : elb.send(new ModifyRuleCommand({ RuleArn: route.arn, Actions: actions })),
    async () => {
      const now = (await readRoutes(elb, route.listenerArn)).find((one) => one.arn === route.arn);
      return (
        isDeepStrictEqual(sharesOf(now?.weights ?? []), sharesOf(weights)) &&
        !(free && now?.stickySeconds !== undefined)
      );
    },
  );
}

/**
 * True for AWS's refusal to disable target group stickiness while stickiness to targets is enabled for one of the
 * groups. The code is enough, as the rest of the request was copied from the existing route.
 */
export function isStickinessRefused(error: unknown): boolean {
  return /^InvalidConfigurationRequest/.test(awsCode(error) ?? '');
}

/** Disables stickiness to the targets of a group, of any type. */
export async function endTargetStickiness(elb: ElasticLoadBalancingV2Client, TargetGroupArn: string): Promise<void> {
  const Attributes = [{ Key: 'stickiness.enabled', Value: 'false' }];
  await observedChange(
    () => elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes })),
    async () => {
      const { Attributes: now = [] } = await elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
      return now.find((one) => one.Key === 'stickiness.enabled')?.Value === 'false';
    },
  );
}

/** By target group, as AWS returns them in an order of its own. */
const sharesOf = (weights: readonly Weight[]) =>
  Object.fromEntries(weights.map(({ targetGroupArn, weight }) => [targetGroupArn, weight]));

/** A target group's share of the requests of a route, from 0 to 1. */
export function shareOf(weights: readonly Weight[], targetGroupArn: string): number {
  // The weight of a single target group has no effect.
  if (weights.length === 1) return weights[0]?.targetGroupArn === targetGroupArn ? 1 : 0;
  const sum = weights.reduce((total, { weight }) => total + weight, 0);
  const own = weights.find((one) => one.targetGroupArn === targetGroupArn)?.weight ?? 0;
  return sum === 0 ? 0 : own / sum;
}

function weightsOf(actions: Action[] | undefined): Weight[] {
  const forward = actions?.find((action) => action.Type === 'forward');
  const listed = forward?.ForwardConfig?.TargetGroups ?? [];
  if (listed.length > 0) {
    return listed.map((one) => ({ targetGroupArn: one.TargetGroupArn ?? '', weight: one.Weight ?? 1 }));
  }
  return forward?.TargetGroupArn ? [{ targetGroupArn: forward.TargetGroupArn, weight: 1 }] : [];
}

function stickinessOf(actions: Action[] | undefined): Pick<Route, 'stickySeconds'> {
  const config = actions?.find((action) => action.Type === 'forward')?.ForwardConfig?.TargetGroupStickinessConfig;
  return config?.Enabled ? { stickySeconds: config.DurationSeconds ?? 0 } : {};
}

function withWeights({ Order, ForwardConfig }: Action, weights: Weight[], unstick: boolean): Action {
  const TargetGroups = weights.map(({ targetGroupArn, weight }) => ({
    TargetGroupArn: targetGroupArn,
    Weight: weight,
  }));
  const end = unstick ? { TargetGroupStickinessConfig: { Enabled: false } } : {};
  return { Type: 'forward', Order, ForwardConfig: { ...ForwardConfig, TargetGroups, ...end } };
}

/** AWS never returns a client secret, so an action with one must state that it keeps the existing secret. */
function kept(action: Action): Action {
  const { AuthenticateOidcConfig: oidc } = action;
  return oidc ? { ...action, AuthenticateOidcConfig: { ...oidc, UseExistingClientSecret: true } } : action;
}

/** The usual cause is a port that was changed only in the pipelines file. */
function noListener(name: string, port: number, others: readonly number[]): PipelineError {
  if (others.length === 0) return missing('listener.missing', `load balancer ${name} has no listener on port ${port}`);
  const message = `load balancer ${name} has no listener on port ${port}: it listens on ${others.join(', ')}`;
  return new PipelineError('listener.missing', message, {
    fix: 'apply balancer.listenerPort to the fleet (deploy the infrastructure, or `pipeline local up`), or put it back in the pipelines file',
  });
}

function missing(code: string, message: string): PipelineError {
  return new PipelineError(code, message, {
    fix: 'create the fleet first: deploy the infrastructure, or `pipeline local up`',
  });
}

/** ARN of the load balancer that a listener belongs to: the listener's own starts with it. */
export function balancerOf(listenerArn: string): string {
  return listenerArn.replace(':listener/', ':loadbalancer/').replace(/\/[^/]+$/, '');
}
