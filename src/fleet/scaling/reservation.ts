import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { isReservationRefused, reservedUnits, reserveUnits } from '../../aws/capacity.ts';
import type { AwsClients } from '../../aws/clients.ts';
import { readGroupTag } from '../../aws/group-tags.ts';
import { balancerOf, readListener } from '../../aws/listeners.ts';
import type { ContextWith, FleetGroup } from '../services.ts';
import { restoreTag, setTag } from './tags.ts';

type Context = ContextWith<Pick<FleetGroup, 'group'>>;

/** Tag of a group whose load balancer has units reserved for an event: `<before>/<reserved>`. It counts only while so many are reserved. */
export const unitsTag = 'golden-pipeline:units-from';

/** Capacity units that were reserved for an event, and are not given back yet; undefined when there are none. */
export async function readEventUnits({ autoScaling }: AwsClients, group: string): Promise<number | undefined> {
  const [, units] = /^\d+\/(\d+)$/.exec((await readGroupTag(autoScaling, group, unitsTag)) ?? '') ?? [];
  return units === undefined ? undefined : Number(units);
}

/** Reserves capacity units of the fleet's load balancer, unless it has as many; a refusal is reported, and is not a failure. */
export async function reserve(context: Context, units: number): Promise<void> {
  const { aws } = context.services;
  const { group } = context.state;
  const arn = await balancerArn(context);
  const now = await reservedUnits(aws.elb, arn);
  if (now >= units) {
    context.note(`${now} capacity units are reserved already`);
    return;
  }
  const tag = await readGroupTag(aws.autoScaling, group, unitsTag);
  const was = readTag(tag, now) ?? now;
  await setTag(context, unitsTag, `${was}/${units}`);
  try {
    await context.change({ action: 'reserve-capacity', target: arn, data: { was: now, units } }, () =>
      reserveUnits(aws.elb, arn, units),
    );
    context.note(`${units} capacity units are reserved; AWS takes minutes to hours to provide them`);
  } catch (error) {
    await setTag(context, unitsTag, tag);
    // The region's quota is 0 until AWS has raised it: worth telling, no reason to stay small.
    if (!isReservationRefused(error)) throw error;
    context.note(`no capacity units were reserved: ${messageOf(error)}`);
  }
}

/**
 * Restores what this step has reserved or given back.
 * @throws PipelineError `scale.units-left` when AWS does not allow it now: while units are being provided, and after two decreases a day
 */
export async function restoreUnits(context: Context): Promise<void> {
  const { aws } = context.services;
  const first = context.changes().find((one) => /^(reserve|release)-capacity$/.test(one.action) && !one.undoing);
  if (first) {
    const was = Number(first.data.was);
    const now = await reservedUnits(aws.elb, first.target);
    // What others have reserved meanwhile stays.
    if (now === first.data.units && now !== was) {
      try {
        await context.change({ action: 'restore-reservation', target: first.target }, () =>
          reserveUnits(aws.elb, first.target, was),
        );
      } catch (error) {
        if (!isReservationRefused(error)) throw error;
        throw new PipelineError(
          'scale.units-left',
          now > was
            ? `${now} capacity units stay reserved (${messageOf(error)}); \`pipeline scale --cancel\` gives them back later`
            : `${now} capacity units are reserved, and not ${was} as before (${messageOf(error)})`,
        );
      }
    }
  }
  await restoreTag(context, unitsTag);
}

/** At the end of an event: back to what was reserved before it. What others have reserved stays; a refusal is reported, and is not a failure. */
export async function release(context: Context): Promise<void> {
  const { aws } = context.services;
  const tag = await readGroupTag(aws.autoScaling, context.state.group, unitsTag);
  if (tag === undefined) return;
  const arn = await balancerArn(context);
  const now = await reservedUnits(aws.elb, arn);
  const was = readTag(tag, now);
  if (was !== undefined) {
    try {
      await context.change({ action: 'release-capacity', target: arn, data: { was: now, units: was } }, () =>
        reserveUnits(aws.elb, arn, was),
      );
      context.note(`the load balancer goes back from ${now} to ${was} reserved capacity units`);
    } catch (error) {
      // A fleet must not stay large because of this; the tag stays, so that --cancel can be repeated.
      if (!isReservationRefused(error)) throw error;
      context.note(`${now} capacity units stay reserved: ${messageOf(error)}; repeat --cancel later`);
      return;
    }
  }
  await setTag(context, unitsTag, undefined);
}

/** What was reserved before the event, where `now` is what the event has reserved. */
function readTag(tag: string | undefined, now: number): number | undefined {
  const [, was, units] = /^(\d+)\/(\d+)$/.exec(tag ?? '') ?? [];
  return was !== undefined && Number(units) === now ? Number(was) : undefined;
}

async function balancerArn({ services: { aws, fleet } }: Context): Promise<string> {
  const { arn } = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
  return balancerOf(arn);
}
