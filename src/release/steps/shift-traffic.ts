import { PipelineError } from '@golden-pipeline/shared/errors';
import { watchWindow } from '../../analysis/window.ts';
import { readGroup, setCapacity } from '../../aws/groups.ts';
import { isMade } from '../../engine/change-once.ts';
import { need } from '../../engine/need.ts';
import { assertOwnWeights } from '../../fleet/foreign-weights.ts';
import { waitGroupReady } from '../../fleet/group-health.ts';
import type { ContextWith, FleetGroup, StepWith } from '../../fleet/services.ts';
import { smokeFailures, validationRouteHeaders } from '../../fleet/smoke.ts';
import {
  ownsTraffic,
  pointValidationRoute,
  readStickiness,
  restoreValidationRoute,
  shareTraffic,
  trafficOf,
} from '../../fleet/traffic-groups.ts';
import type { TrafficFacts } from '../state.ts';

type Context = ContextWith<TrafficFacts>;

/** Moves the traffic to the new group in steps, and watches each; a persistent failure restores the weights at once. */
export const shiftTraffic: StepWith<TrafficFacts> = {
  id: 'shift-traffic',
  title: 'Shift traffic to the new group',
  describe: ({ state, services: { fleet } }) => {
    const { weights, stepSeconds, smokeTests } = fleet.release;
    return [
      `${weights.join(', ')} percent of the traffic to ${need(state, 'idle').group}, which is brought up to the size of ${state.group} before each`,
      `between them ${stepSeconds} s each: target health, and ${smokeTests.length} smoke test(s), errors and times of the new instances, compared with before; a persistent failure restores the weights`,
    ];
  },
  async run(context) {
    const { fleet } = context.services;
    const { group, targetGroupArn, listenerArn } = context.state;
    const traffic = context.state.traffic ?? { from: { group, targetGroupArn }, to: need(context.state, 'idle') };
    const { from, to } = traffic;
    if (!context.state.traffic) await context.save({ traffic });
    await holdMinimum(context, from);
    await pointValidationRoute(context, to.targetGroupArn);
    await assertSmoke(context);
    const reached = Math.round((await trafficOf(context, listenerArn, to, from)) * 100);
    // A share that an earlier process of this run has given is watched again: that one may not have seen the end of it.
    for (const percent of fleet.release.weights.filter((one) => one >= reached)) {
      // Healthy, and as large as the other one is now: right before it gets more.
      await waitGroupReady(context, to, from);
      await assertOwnWeights(context, listenerArn, [to, from], context.state.idleBefore?.routes ?? []);
      await shareTraffic(context, listenerArn, to, from, percent);
      // Its target group has no requests but those of the new version.
      if (context.state.countedSince === undefined) await context.save({ countedSince: context.clock.now() });
      context.note(`${percent} % of the traffic goes to ${to.group}`);
      if (percent === 100) continue;
      await watchWindow(context, 'canary', {
        seconds: fleet.release.stepSeconds,
        what: `${percent} %`,
        failed: {
          code: 'shift-traffic.failed',
          message: `${context.state.version} does not serve as it should with ${percent} % of the traffic`,
        },
        where: { fleetGroup: to, headers: validationRouteHeaders(context.services.fleet) },
      });
    }
    await context.save({ ...to, idle: from });
    const sticky = await readStickiness(context.services, listenerArn, [to, from]);
    if (sticky !== undefined) {
      context.note(`stickiness to target groups keeps clients on ${from.group} for up to ${sticky} s more`);
    }
    await pointValidationRoute(context, context.state.validationTargetGroupArn);
  },
  async find({ services, state: { listenerArn, traffic } }) {
    if (!traffic) return undefined;
    const share = await trafficOf({ services }, listenerArn, traffic.to, traffic.from);
    return `${traffic.to.group} gets ${Math.round(share * 100)} % of the traffic`;
  },
  undo: trafficBack,
};

/**
 * Gives all traffic back to the group that had it, if a shift of this run took some: at once while it still serves a part, else as
 * soon as it is healthy. Weights that somebody else has set since stay. Repeatable; nothing to do is not an error.
 */
export async function trafficBack(context: Context): Promise<void> {
  const { traffic, listenerArn, validationTargetGroupArn, held } = context.state;
  if (!traffic) return;
  const { from, to } = traffic;
  const share = await trafficOf(context, listenerArn, from, to);
  if (share === 0 && (await ownsTraffic(context, listenerArn, [from, to]))) await waitGroupReady(context, from, to);
  if (share < 1) await shareTraffic(context, listenerArn, from, to, 100, { unstick: true, ownOnly: true });
  await context.save({ ...from, idle: to });
  await restoreValidationRoute(context, validationTargetGroupArn);
  if (!held) return;
  const { aws } = context.services;
  const group = await readGroup(aws.autoScaling, from.group);
  // Held, or raised when the other one had grown. A minimum that somebody else has changed meanwhile stays.
  const raised = context.changes().filter((one) => one.action === 'set-capacity' && one.target === from.group);
  if (![held.at, ...raised.map((one) => one.data.min)].includes(group.min)) return;
  await context.change({ action: 'restore-minimum', target: from.group, data: { to: held.minimum } }, () =>
    setCapacity(aws.autoScaling, from.group, { min: held.minimum }),
  );
}

/** With a part of its traffic gone, a group would be scaled in: it must stay large enough to take all of it back. */
async function holdMinimum(context: Context, { group: name }: FleetGroup): Promise<void> {
  const { autoScaling } = context.services.aws;
  const { min, desired } = await readGroup(autoScaling, name);
  // An earlier process of this run may have saved it, and made no change yet.
  if (context.state.held && context.changes().some((one) => one.action === 'hold-minimum' && isMade(one))) return;
  const minimum = context.state.held?.minimum ?? min;
  await context.save({ held: { minimum, at: Math.max(min, desired) } });
  if (min >= desired) return;
  await context.change({ action: 'hold-minimum', target: name, data: { was: min, min: desired } }, () =>
    setCapacity(autoScaling, name, { min: desired }),
  );
}

async function assertSmoke(context: Context): Promise<void> {
  const failures = await smokeFailures(context, validationRouteHeaders(context.services.fleet));
  if (failures.length === 0) return;
  throw new PipelineError(
    'shift-traffic.smoke',
    `the new instances of ${context.state.version} failed their smoke tests`,
    {
      details: failures,
    },
  );
}
