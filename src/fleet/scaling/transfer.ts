import { readGroupTag, setGroupTag } from '../../aws/group-tags.ts';
import type { RunContext } from '../../engine/step.ts';
import type { Services } from '../services.ts';
import { heldTag } from './held-size.ts';
import { unitsTag } from './reservation.ts';
import { endPool, restorePool } from './warm-pool.ts';

type Context = RunContext<Services, object>;

/**
 * Lets the group that serves now remember the event which its fleet is held for. The warm pool of the other one is ended: its
 * instances would be of the version before, and it would fill up as that group ends.
 */
export async function moveEvent(context: Context, from: string, to: string): Promise<void> {
  const { autoScaling } = context.services.aws;
  for (const key of [heldTag, unitsTag]) {
    const value = await readGroupTag(autoScaling, from, key);
    if (value === undefined) continue;
    const was = await readGroupTag(autoScaling, to, key);
    await context.change({ action: 'move-tag', target: to, data: { key, from, value, was: was ?? null } }, async () => {
      await setGroupTag(autoScaling, to, key, value);
      await setGroupTag(autoScaling, from, key, undefined);
    });
  }
  if (await endPool(context, from)) {
    context.note(`the warm pool of ${from} is ended: the event goes on without one`);
  }
}

/** Restores what {@link moveEvent} did in this step. */
export async function restoreEvent(context: Context): Promise<void> {
  const { autoScaling } = context.services.aws;
  for (const change of context.changes().filter((one) => one.action === 'move-tag' && !one.undoing)) {
    const { key, from, value, was } = change.data as { key: string; from: string; value: string; was: string | null };
    // What another run has written since stays.
    const now = await readGroupTag(autoScaling, change.target, key);
    if (now !== undefined && now !== value && now !== was) continue;
    await context.change({ action: 'restore-tag', target: from }, async () => {
      await setGroupTag(autoScaling, from, key, value);
      await setGroupTag(autoScaling, change.target, key, was ?? undefined);
    });
  }
  await restorePool(context);
}
