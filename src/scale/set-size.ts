import { readGroup, setCapacity } from '../aws/groups.ts';
import { sizeToRestore } from '../fleet/size-to-restore.ts';
import type { ScaleContext } from './state.ts';

interface Size {
  min: number;
  /** Undefined: left as it is. */
  desired?: number;
}

/** Gives the group another size. `before`: as it was read for that, which is what an undo goes back to. */
export async function setSize(context: ScaleContext, before: Required<Size>, to: Size): Promise<void> {
  const { min, desired } = before;
  await context.change({ action: 'set-capacity', target: context.state.group, data: { min, desired, to } }, () =>
    setCapacity(context.services.aws.autoScaling, context.state.group, to),
  );
}

/**
 * Restores the size that the group had before this step. What has another value than this run gave it belongs to somebody else since
 * then (a policy, an end by the schedule) and is left: the run may have died hours ago.
 */
export async function restoreSize(context: ScaleContext): Promise<void> {
  const { autoScaling } = context.services.aws;
  const { group } = context.state;
  // The first change of a kind knows what was: a step that was resumed has made it twice.
  const first = context.changes().find((one) => one.action === 'set-capacity' && !one.undoing);
  if (!first) return;
  const { min, desired, to } = first.data as { min: number; desired: number; to: Size };
  const back = sizeToRestore(await readGroup(autoScaling, group), to, { min, desired });
  if (Object.keys(back).length === 0) return;
  await context.change({ action: 'restore-capacity', target: group, data: { ...back } }, () =>
    setCapacity(autoScaling, group, back),
  );
}
