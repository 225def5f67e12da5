import { isReservationRefused, readGroupTag, reservedUnits, reserveUnits, setGroupTag } from '../../aws/capacity.ts';
import type { AwsClients } from '../../aws/clients.ts';
import { balancerOf, readListener } from '../../aws/listeners.ts';
import { messageOf, PipelineError } from '../../shared/errors.ts';
import type { ScaleContext } from './state.ts';

/** Tag of a group whose load balancer has units reserved for an event: `<before>/<reserved>`. It counts only while so many are reserved. */
export const unitsTag = 'golden-pipeline:units-from';

/** Capacity units that were reserved for an event, and are not given back yet; undefined when there are none. */
export async function readEventUnits({ autoScaling }: AwsClients, group: string): Promise<number | undefined> {
  const [, units] = /^\d+\/(\d+)$/.exec((await readGroupTag(autoScaling, group, unitsTag)) ?? '') ?? [];
  return units === undefined ? undefined : Number(units);
}

/** Reserves capacity units of the fleet's load balancer, unless it has as many; a refusal is told, and no failure. */
export async function reserve(context: ScaleContext, units: number): Promise<void> {
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
  await setTag(context, `${was}/${units}`, tag);
  try {
    await context.change({ action: 'reserve-capacity', target: arn, data: { was: now, units } }, () =>
      reserveUnits(aws.elb, arn, units),
    );
    context.note(`${units} capacity units are reserved; AWS takes minutes to hours to provide them`);
  } catch (error) {
    await setTag(context, tag, `${was}/${units}`);
    // The region's quota is 0 until AWS has raised it: worth telling, no reason to stay small.
    if (!isReservationRefused(error)) throw error;
    context.note(`no capacity units were reserved: ${messageOf(error)}`);
  }
}

/**
 * Takes back what this run has reserved.
 * @throws PipelineError `scale.units-left` when AWS does not allow it now: while units are being provided, and after two decreases a day
 */
export async function unreserve(context: ScaleContext): Promise<void> {
  const { aws } = context.services;
  const mine = context.changes().filter((one) => !one.undoing && one.error === undefined);
  for (const change of mine.filter((one) => one.action === 'reserve-capacity').reverse()) {
    const was = Number(change.data.was);
    // AWS counts decreases: none for what was never reserved.
    if ((await reservedUnits(aws.elb, change.target)) === was) continue;
    try {
      await context.change({ action: 'restore-capacity', target: change.target }, () =>
        reserveUnits(aws.elb, change.target, was),
      );
    } catch (error) {
      if (!isReservationRefused(error)) throw error;
      const { units } = change.data;
      throw new PipelineError(
        'scale.units-left',
        `${units} capacity units stay reserved (${messageOf(error)}); \`pipeline scale --cancel\` gives them back later`,
      );
    }
  }
  for (const change of mine.filter((one) => one.action === 'tag-units').reverse()) {
    const was = change.data.was;
    await setTag(context, typeof was === 'string' ? was : undefined, undefined);
  }
}

/** At the end of an event: back to what was reserved before it. What others have reserved stays; a refusal is told, and no failure. */
export async function release(context: ScaleContext): Promise<void> {
  const { aws } = context.services;
  const tag = await readGroupTag(aws.autoScaling, context.state.group, unitsTag);
  if (tag === undefined) return;
  const arn = await balancerArn(context);
  const now = await reservedUnits(aws.elb, arn);
  const was = readTag(tag, now);
  if (was !== undefined) {
    try {
      await context.change({ action: 'release-capacity', target: arn, data: { units: now } }, () =>
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
  await setTag(context, undefined, tag);
}

/** Takes back what {@link release} did in this step. */
export async function reserveAgain(context: ScaleContext): Promise<void> {
  const { aws } = context.services;
  const mine = context.changes().filter((one) => !one.undoing && one.error === undefined);
  for (const change of mine.filter((one) => one.action === 'release-capacity')) {
    const units = Number(change.data.units);
    if ((await reservedUnits(aws.elb, change.target)) === units) continue;
    await context.change({ action: 'reserve-capacity', target: change.target, data: { units } }, () =>
      reserveUnits(aws.elb, change.target, units),
    );
  }
  const tagged = mine.find((one) => one.action === 'tag-units');
  if (typeof tagged?.data.was === 'string') await setTag(context, tagged.data.was, undefined);
}

/** What was reserved before the event, where `now` is what the event has reserved. */
function readTag(tag: string | undefined, now: number): number | undefined {
  const [, was, units] = /^(\d+)\/(\d+)$/.exec(tag ?? '') ?? [];
  return was !== undefined && Number(units) === now ? Number(was) : undefined;
}

async function setTag(context: ScaleContext, value: string | undefined, was: string | undefined): Promise<void> {
  const { aws } = context.services;
  const { group } = context.state;
  await context.change({ action: 'tag-units', target: group, data: { was: was ?? null } }, () =>
    setGroupTag(aws.autoScaling, group, unitsTag, value),
  );
}

async function balancerArn({ services: { aws, fleet } }: ScaleContext): Promise<string> {
  const { arn } = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
  return balancerOf(arn);
}
