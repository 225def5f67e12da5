import { PipelineError } from '@golden-pipeline/shared/errors';
import { type Route, readRoutes, setWeights, shareOf, type Weight } from '../aws/listeners.ts';
import type { Fleet } from '../config/settings.ts';
import type { RunContext } from '../engine/step.ts';
import type { ContextWith, FleetFacts, FleetGroup, Services } from './services.ts';
import { unstickWeights } from './unstick-weights.ts';

type Context = RunContext<Services, object>;

/**
 * Which group serves: the one with the greater part of the traffic.
 * @param weights Those of the route that everybody takes.
 * @throws PipelineError `listener.no-group` when neither has any.
 */
export function chooseLive<T extends FleetGroup>(
  groups: readonly [T, T],
  weights: readonly Weight[],
): { live: T; idle: T; share: number } {
  const [first, second] = groups;
  const shares = groups.map((fleetGroup) => shareOf(weights, fleetGroup.targetGroupArn)) as [number, number];
  if (shares[0] === 0 && shares[1] === 0) {
    throw new PipelineError(
      'listener.no-group',
      `the listener sends traffic to neither ${first.group} nor ${second.group}`,
      { fix: 'let its default action forward to one of the two target groups, then try again' },
    );
  }
  return shares[0] >= shares[1]
    ? { live: first, idle: second, share: shares[0] }
    : { live: second, idle: first, share: shares[1] };
}

/** The routes of a listener that lead to a group. The validation route leads to a group only while traffic is being shifted to that group. */
export function routesTo(routes: readonly Route[], fleet: Fleet, groups: readonly FleetGroup[]): Route[] {
  const arns = groups.map((fleetGroup) => fleetGroup.targetGroupArn);
  return routes.filter(
    (route) => !isValidationRoute(route, fleet) && route.weights.some((one) => arns.includes(one.targetGroupArn)),
  );
}

function isValidationRoute({ header }: Route, fleet: Fleet): boolean {
  return header?.name.toLowerCase() === fleet.balancer.validationHeader.toLowerCase() && header.values.includes('on');
}

/**
 * Gives a group its percent of the traffic and the other the rest: one call for each route, which is one call for a listener
 * without rules of its own. Routes that have these weights already stay untouched.
 * @param ownOnly Only routes whose weights are those that this run has given them, or found: others were changed by somebody else
 * since, and stay with a note.
 * @param unstick Takes along the clients that stickiness keeps on the other group: it is turned off by the same call, and stays off,
 * as their cookies would lead them back.
 */
export async function shareTraffic(
  context: Context,
  listenerArn: string,
  to: FleetGroup,
  other: FleetGroup,
  percent: number,
  { unstick = false, ownOnly = false }: { unstick?: boolean; ownOnly?: boolean } = {},
): Promise<void> {
  const { fleet, aws } = context.services;
  const wanted = [
    { targetGroupArn: to.targetGroupArn, weight: percent },
    { targetGroupArn: other.targetGroupArn, weight: 100 - percent },
  ];
  const routes = routesTo(await readRoutes(aws.elb, listenerArn), fleet, [to, other]);
  if (routes.length === 0) {
    throw new PipelineError('listener.no-group', `no route leads to ${to.group} or ${other.group} any more`, {
      fix: `let the listener ${listenerArn} forward to one of the two target groups`,
    });
  }
  const sticky = (route: Route) => unstick && route.stickySeconds !== undefined;
  const changed = routes.filter((route) => {
    if (sameWeights(route.weights, wanted) && !sticky(route)) return false;
    return !ownOnly || isOwn(context, route) || saysForeign(context, route);
  });
  const free = await Promise.all(
    changed.map(async (route) => {
      const data = { group: to.group, percent, was: route.weights, to: wanted };
      if (sticky(route)) return unstickWeights(context, route, wanted, { ...data, stickySeconds: route.stickySeconds });
      await context.change({ action: 'set-weights', target: route.arn, data }, () =>
        setWeights(aws.elb, route, wanted),
      );
      return true;
    }),
  );
  const held = longestStickiness(changed.filter(sticky));
  if (held === undefined) return;
  context.note(
    free.includes(false)
      ? `stickiness to target groups keeps clients on ${other.group} for up to ${held} s more`
      : `stickiness to target groups is off: it would have kept clients on ${other.group} for up to ${held} s; turn it on again, if it is wanted, no sooner than that`,
  );
}

/** For how many seconds clients may stay with a group that has lost the traffic; undefined when nothing keeps them. */
export async function readStickiness(
  { fleet, aws }: Services,
  listenerArn: string,
  groups: readonly FleetGroup[],
): Promise<number | undefined> {
  return longestStickiness(routesTo(await readRoutes(aws.elb, listenerArn), fleet, groups));
}

function longestStickiness(routes: readonly Route[]): number | undefined {
  const seconds = routes.flatMap((route) => route.stickySeconds ?? []);
  return seconds.length > 0 ? Math.max(...seconds) : undefined;
}

/** A group's part of the traffic now, from 0 to 1: the least of all routes, so that a change made halfway shows. */
export async function trafficOf(
  context: Pick<Context, 'services'>,
  listenerArn: string,
  fleetGroup: FleetGroup,
  other: FleetGroup,
): Promise<number> {
  const { fleet, aws } = context.services;
  const routes = routesTo(await readRoutes(aws.elb, listenerArn), fleet, [fleetGroup, other]);
  return Math.min(1, ...routes.map((route) => shareOf(route.weights, fleetGroup.targetGroupArn)));
}

/** True for a route whose weights are those that this run has given it, or found at first. */
function isOwn(context: Context, { arn, weights }: Route): boolean {
  const made = context
    .changesOfRun()
    .filter((one) => one.target === arn && ['set-weights', 'restore-weights'].includes(one.action));
  const first = made.find((one) => !one.undoing)?.data.was as Weight[] | undefined;
  if (!first) return false;
  const given = made.map(({ data }) => (data.to ?? data.weights) as Weight[] | undefined);
  // Journals from before it was kept do not tell what the run gave it.
  return [first, ...given].some((one) => one === undefined || sameWeights(one, weights));
}

/** Names of target groups with their weights, for texts. */
export function weightsText(weights: readonly Weight[]): string {
  return weights.map(({ targetGroupArn, weight }) => `${targetGroupArn.split('/')[1]} ${weight}`).join(', ');
}

function saysForeign(context: Context, { arn, weights }: Route): false {
  context.note(`the weights of ${arn} are ${weightsText(weights)}, which this run did not set: they stay`);
  return false;
}

/** Whether a route to a group has weights that this run has given it, or found: else nothing of the traffic is the run's to move. */
export async function ownsTraffic(
  context: Context,
  listenerArn: string,
  groups: readonly [FleetGroup, FleetGroup],
): Promise<boolean> {
  const { fleet, aws } = context.services;
  return routesTo(await readRoutes(aws.elb, listenerArn), fleet, groups).some((route) => isOwn(context, route));
}

/** Puts routes back to weights that they had, where nobody else has changed them since. */
export async function restoreRoutes(
  context: Context,
  listenerArn: string,
  before: readonly { arn: string; weights: Weight[] }[],
): Promise<void> {
  const { aws } = context.services;
  const routes = await readRoutes(aws.elb, listenerArn);
  for (const { arn, weights } of before) {
    const route = routes.find((one) => one.arn === arn);
    if (!route || sameWeights(route.weights, weights)) continue;
    if (!isOwn(context, route)) {
      saysForeign(context, route);
      continue;
    }
    await context.change({ action: 'restore-weights', target: arn, data: { weights, was: route.weights } }, () =>
      setWeights(aws.elb, route, weights),
    );
  }
}

/** The route that only requests with the validation header take. */
export async function validationRoute(
  { services: { fleet, aws } }: { services: Pick<Services, 'fleet' | 'aws'> },
  listenerArn: string,
): Promise<Route> {
  const found = (await readRoutes(aws.elb, listenerArn)).find((route) => isValidationRoute(route, fleet));
  if (found) return found;
  throw new PipelineError(
    'listener.no-validation-route',
    `no rule of the listener ${listenerArn} forwards requests with the header ${fleet.balancer.validationHeader}: on`,
    { fix: 'deploy the infrastructure again, or add the rule' },
  );
}

/** Lets the validation route lead to a target group: so the new instances can be asked, whoever has the traffic. */
export async function pointValidationRoute(
  context: ContextWith<Pick<FleetFacts, 'listenerArn'>>,
  targetGroupArn: string,
): Promise<void> {
  const route = await validationRoute(context, context.state.listenerArn);
  if (route.weights.every((one) => one.targetGroupArn === targetGroupArn)) return;
  const was = route.weights;
  await context.change({ action: 'point-validation-route', target: route.arn, data: { was, to: targetGroupArn } }, () =>
    setWeights(context.services.aws.elb, route, [{ targetGroupArn, weight: 1 }]),
  );
}

/** Lets the validation route lead where it led, if it still leads where this run has pointed it. */
export async function restoreValidationRoute(
  context: ContextWith<Pick<FleetFacts, 'listenerArn'>>,
  targetGroupArn: string,
): Promise<void> {
  const route = await validationRoute(context, context.state.listenerArn);
  const given = context.changesOfRun().flatMap((one) => (one.action === 'point-validation-route' ? [one.data.to] : []));
  if (given.length === 0) return;
  const ours = [...given, targetGroupArn];
  if (!route.weights.every((one) => ours.includes(one.targetGroupArn))) return void saysForeign(context, route);
  await pointValidationRoute(context, targetGroupArn);
}

/** True for the same weights, in whatever order. */
export function sameWeights(some: readonly Weight[], others: readonly Weight[]): boolean {
  const text = (list: readonly Weight[]) =>
    list.map(({ targetGroupArn, weight }) => `${targetGroupArn} ${weight}`).sort();
  return JSON.stringify(text(some)) === JSON.stringify(text(others));
}
