import { messageOf } from '@golden-pipeline/shared/errors';
import type { AwsClients } from '../../aws/clients.ts';
import { readGroupTag, setGroupTag } from '../../aws/group-tags.ts';
import { deleteWarmPool, putWarmPool, readWarmPool } from '../../aws/warm-pool.ts';
import type { Fleet } from '../../config/settings.ts';
import type { RunContext } from '../../engine/step.ts';
import { explainGroup } from '../explain.ts';
import { type ContextWith, type FleetGroup, type Services, times } from '../services.ts';
import type { SizeChange } from './size.ts';

/** Tag of a group whose warm pool was made for an event: `<state>/<instances>`. A pool without it belongs to the team, and is left alone. */
const poolTag = 'golden-pipeline:warm-pool';

type Context = RunContext<Services, object>;
type PoolState = 'Stopped' | 'Running';

/** A warm pool that was made for an event. */
export interface EventPool {
  state: PoolState;
  /** Instances of the group and of the pool together. */
  prepared: number;
}

/** The pool that was made for an event; undefined when there is none. One call. */
export async function readPool({ autoScaling }: AwsClients, group: string): Promise<EventPool | undefined> {
  const [, state, prepared] =
    /^(Stopped|Running)\/(\d+)$/.exec((await readGroupTag(autoScaling, group, poolTag)) ?? '') ?? [];
  return prepared === undefined ? undefined : { state: state as PoolState, prepared: Number(prepared) };
}

/** The pool that a run prepares: only one that is scheduled, as a fleet that grows now takes its instances at once. */
export function wantedPool(fleet: Fleet, { at, to, was }: SizeChange): PoolState | undefined {
  return at !== undefined && to > was.desired ? fleet.scale.warmPool : undefined;
}

/** What is prepared and what it costs, from now on. */
export function describePool(fleet: Fleet, state: PoolState, { to, was }: SizeChange, group: string): string[] {
  const count = to - was.desired;
  const { hourlyPrice } = fleet.instance;
  const running =
    hourlyPrice === undefined
      ? `${count} instances are paid for from now on; set instance.hourlyPrice to see what that costs`
      : `+${count} ${fleet.instance.type} at ${hourlyPrice}: +${(count * hourlyPrice).toFixed(2)} an hour from now on`;
  return [
    `a warm pool of ${group}: ${count} more instances prepared, ${state}, until they are taken or --cancel`,
    state === 'Running' ? running : `their disks, and the minutes of their first boot, are paid for from now on`,
  ];
}

/** Makes a pool up to the wanted size, unless the team keeps one. @param prepared Instances of the group and of the pool together. */
export async function preparePool(
  context: ContextWith<Pick<FleetGroup, 'group'>>,
  state: PoolState,
  prepared: number,
): Promise<void> {
  const { group } = context.state;
  const mine = await readPool(context.services.aws, group);
  const former = await waitPoolStable(context);
  if (!mine && former === 'present') {
    context.note(`${group} has a warm pool already; it stays as it is`);
    return;
  }
  await put(context, group, { state, prepared }, mine);
}

/** The pool of the group, once one that is being deleted is gone: after a `--cancel`, say. */
async function waitPoolStable(context: ContextWith<Pick<FleetGroup, 'group'>>): Promise<'none' | 'present' | 'ending'> {
  const { aws, fleet } = context.services;
  const { group } = context.state;
  return context.poll({
    what: `the former warm pool of ${group} to be gone`,
    read: () => readWarmPool(aws.autoScaling, group),
    until: (pool) => pool !== 'ending',
    progress: () => context.progress(`the instances of the former warm pool of ${group} are ending`),
    explain: explainGroup(context, group),
    ...times(fleet, 'drain'),
  });
}

/**
 * Ends the pool that was made for an event: else it would fill up again as soon as the fleet gets smaller.
 * Resolves with whether there was one.
 */
export async function endPool(context: Context, group: string): Promise<boolean> {
  const { aws } = context.services;
  const mine = await readPool(aws, group);
  if (!mine) return false;
  await context.change({ action: 'delete-warm-pool', target: group, data: { was: mine } }, async () => {
    await deleteWarmPool(aws.autoScaling, group);
    await setGroupTag(aws.autoScaling, group, poolTag, undefined);
  });
  return true;
}

/** Restores what this step has done to the pool. */
export async function restorePool(context: Context): Promise<void> {
  const first = context.changes().find((one) => /^(put|delete)-warm-pool$/.test(one.action) && !one.undoing);
  if (!first) return;
  const was = first.data.was as EventPool | null;
  if (!was) {
    await endPool(context, first.target);
    return;
  }
  try {
    await put(context, first.target, was, undefined);
  } catch (error) {
    // While the former one is being deleted AWS takes no other, and what is undone after this, the traffic say, must not wait for
    // that. A fleet without a pool only grows more slowly.
    await endPool(context, first.target);
    context.note(`the warm pool of ${first.target} is gone: ${messageOf(error)}`);
  }
}

async function put(context: Context, group: string, pool: EventPool, was: EventPool | undefined): Promise<void> {
  const { autoScaling } = context.services.aws;
  await context.change({ action: 'put-warm-pool', target: group, data: { ...pool, was: was ?? null } }, async () => {
    // First the tag: a pool that nobody knows to be ours would stay.
    await setGroupTag(autoScaling, group, poolTag, `${pool.state}/${pool.prepared}`);
    await putWarmPool(autoScaling, group, pool);
  });
}
