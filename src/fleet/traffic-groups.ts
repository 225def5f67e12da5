import { PipelineError } from '@golden-pipeline/shared/errors';
import { type Route, readRoutes, setWeights, shareOf, type Weight } from '../aws/listeners.ts';
import type { Fleet } from '../config/settings.ts';
import type { RunContext } from '../engine/step.ts';
import type { Colour, RollState, Services } from './services.ts';
import { unstickWeights } from './unstick-weights.ts';

type Context = RunContext<Services, object>;

/** @throws Error for a fleet with one group: the plan never has these steps then */
export function idleOf({ idle }: Pick<RollState, 'idle'>): Colour {
  if (idle) return idle;
  throw new Error('the fleet has no second group');
}

/**
 * Which colour serves: the one with the greater part of the traffic.
 * @param weights Those of the route that everybody takes.
 * @throws PipelineError `listener.no-colour` when neither has any.
 */
export function chooseLive<T extends Colour>(
  colours: readonly [T, T],
  weights: readonly Weight[],
): { live: T; idle: T; share: number } {
  const [first, second] = colours;
  const shares = colours.map((colour) => shareOf(weights, colour.targetGroupArn)) as [number, number];
  if (shares[0] === 0 && shares[1] === 0) {
    throw new PipelineError(
      'listener.no-colour',
      `the listener sends traffic to neither ${first.group} nor ${second.group}`,
      { hint: 'let its default action forward to one of the two target groups, then try again' },
    );
  }
  return shares[0] >= shares[1]
    ? { live: first, idle: second, share: shares[0] }
    : { live: second, idle: first, share: shares[1] };
}

/** The routes of a listener that lead to a colour. The proof route leads to a colour only while a shift shows it the new one. */
export function routesTo(routes: readonly Route[], fleet: Fleet, colours: readonly Colour[]): Route[] {
  const arns = colours.map((colour) => colour.targetGroupArn);
  return routes.filter(
    (route) => !isProof(route, fleet) && route.weights.some((one) => arns.includes(one.targetGroupArn)),
  );
}

function isProof({ header }: Route, fleet: Fleet): boolean {
  return header?.name.toLowerCase() === fleet.balancer.proofHeader.toLowerCase() && header.values.includes('on');
}

/**
 * Gives a colour its percent of the traffic and the other the rest: one call for each route, which is one call for a listener
 * without rules of its own. Routes that have these weights already stay untouched.
 * @param ownOnly Only routes whose weights are those that this run has given them, or found: others were changed by somebody else
 * since, and stay with a note.
 * @param unstick Takes along the clients that stickiness keeps on the other colour: it is turned off by the same call, and stays off,
 * as their cookies would lead them back.
 */
export async function shareTraffic(
  context: Context,
  listenerArn: string,
  to: Colour,
  other: Colour,
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
    throw new PipelineError('listener.no-colour', `no route leads to ${to.group} or ${other.group} any more`, {
      hint: `let the listener ${listenerArn} forward to one of the two target groups`,
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

/** For how many seconds clients may stay with a colour that has lost the traffic; undefined when nothing keeps them. */
export async function readStickiness(
  { fleet, aws }: Services,
  listenerArn: string,
  colours: readonly Colour[],
): Promise<number | undefined> {
  return longestStickiness(routesTo(await readRoutes(aws.elb, listenerArn), fleet, colours));
}

function longestStickiness(routes: readonly Route[]): number | undefined {
  const seconds = routes.flatMap((route) => route.stickySeconds ?? []);
  return seconds.length > 0 ? Math.max(...seconds) : undefined;
}

/** A colour's part of the traffic now, from 0 to 1: the least of all routes, so that a change made halfway shows. */
export async function trafficOf(context: Context, listenerArn: string, colour: Colour, other: Colour): Promise<number> {
  const { fleet, aws } = context.services;
  const routes = routesTo(await readRoutes(aws.elb, listenerArn), fleet, [colour, other]);
  return Math.min(1, ...routes.map((route) => shareOf(route.weights, colour.targetGroupArn)));
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

function saysForeign(context: Context, { arn, weights }: Route): false {
  const shares = weights.map(({ targetGroupArn, weight }) => `${targetGroupArn.split('/')[1]} ${weight}`).join(', ');
  context.note(`the weights of ${arn} are ${shares}, which this run did not set: they stay`);
  return false;
}

/** Whether a route to a colour has weights that this run has given it, or found: else nothing of the traffic is the run's to move. */
export async function ownsTraffic(
  context: Context,
  listenerArn: string,
  colours: readonly [Colour, Colour],
): Promise<boolean> {
  const { fleet, aws } = context.services;
  return routesTo(await readRoutes(aws.elb, listenerArn), fleet, colours).some((route) => isOwn(context, route));
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

/** The route that only requests with the proof header take. */
export async function proofRoute(context: Context, listenerArn: string): Promise<Route> {
  const { fleet, aws } = context.services;
  const found = (await readRoutes(aws.elb, listenerArn)).find((route) => isProof(route, fleet));
  if (found) return found;
  throw new PipelineError(
    'listener.no-proof-route',
    `no rule of the listener ${listenerArn} forwards requests with the header ${fleet.balancer.proofHeader}: on`,
    { hint: 'deploy the infrastructure again, or add the rule' },
  );
}

/** Lets the proof route lead to a target group: so the new machines can be asked, whoever has the traffic. */
export async function showProofRoute(context: RunContext<Services, RollState>, targetGroupArn: string): Promise<void> {
  const route = await proofRoute(context, context.state.listenerArn);
  if (route.weights.every((one) => one.targetGroupArn === targetGroupArn)) return;
  const was = route.weights;
  await context.change({ action: 'point-proof-route', target: route.arn, data: { was, to: targetGroupArn } }, () =>
    setWeights(context.services.aws.elb, route, [{ targetGroupArn, weight: 1 }]),
  );
}

/** Lets the proof route lead where it led, if it still leads where this run has pointed it. */
export async function restoreProofRoute(
  context: RunContext<Services, RollState>,
  targetGroupArn: string,
): Promise<void> {
  const route = await proofRoute(context, context.state.listenerArn);
  const given = context.changesOfRun().flatMap((one) => (one.action === 'point-proof-route' ? [one.data.to] : []));
  if (given.length === 0) return;
  const ours = [...given, targetGroupArn];
  if (!route.weights.every((one) => ours.includes(one.targetGroupArn))) return void saysForeign(context, route);
  await showProofRoute(context, targetGroupArn);
}

function sameWeights(some: readonly Weight[], others: readonly Weight[]): boolean {
  const text = (list: readonly Weight[]) =>
    list.map(({ targetGroupArn, weight }) => `${targetGroupArn} ${weight}`).sort();
  return JSON.stringify(text(some)) === JSON.stringify(text(others));
}
