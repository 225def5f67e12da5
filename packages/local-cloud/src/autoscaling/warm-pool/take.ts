import { messageOf } from '@golden-pipeline/shared/errors';
import { isoSeconds } from '@golden-pipeline/shared/text';
import type { GroupInstance } from '../../model.ts';
import { activeInstances, activeRefresh, type LaunchSource, launchChoices } from '../groups.ts';
import { countByZone } from '../placement.ts';
import type { ReconcileContext } from '../reconcile-context.ts';

/**
 * Brings up to `count` instances of the warm pool into the group; stopped ones are started. During a refresh only those
 * of the version that it launches are taken.
 * @returns how many were taken
 */
export function takeWarm(pass: ReconcileContext, count: number, source: LaunchSource): number {
  const { group, runtime } = pass;
  if (!group.warmPool) return 0;
  const fits = versionFilter(pass, source);
  const ready = group.instances.filter(
    (i) => (i.lifecycleState === 'Warmed:Stopped' || i.lifecycleState === 'Warmed:Running') && fits(i),
  );
  const zones = countByZone(activeInstances(group));
  let taken = 0;
  while (taken < count && ready.length > 0) {
    const held = (i: GroupInstance) => zones.get(i.availabilityZone) ?? 0;
    const next = ready.reduce((best, i) => (held(i) < held(best) ? i : best));
    ready.splice(ready.indexOf(next), 1);
    if (!bringIn(pass, next)) continue;
    zones.set(next.availabilityZone, held(next) + 1);
    taken++;
  }
  if (taken === 0) return 0;
  runtime.context.changed();
  // The machines of some run already: nothing but another pass will notice.
  runtime.enqueue(group.name);
  return taken;
}

function versionFilter(pass: ReconcileContext, source: LaunchSource): (instance: GroupInstance) => boolean {
  const { group, runtime } = pass;
  if (!activeRefresh(runtime.context.state, group.name)) return () => true;
  try {
    const wanted = launchChoices(source).map(({ id, version }) => runtime.instances.resolveTemplate({ id }, version));
    return ({ launchTemplate }) =>
      wanted.some(({ id, version }) => launchTemplate.id === id && launchTemplate.version === version);
  } catch {
    // A template that is gone: the launch that follows says so.
    return () => false;
  }
}

/** Returns false for an instance that cannot be started now; it stays in the pool. */
function bringIn({ group, runtime, now }: ReconcileContext, instance: GroupInstance): boolean {
  const { log, instances } = runtime;
  const capacity = activeInstances(group).length;
  const activity = log.begin(
    group.name,
    `Launching a new EC2 instance from warm pool: ${instance.instanceId}`,
    `At ${isoSeconds(now)} an instance was started in response to a difference between desired and actual capacity, increasing the capacity from ${capacity} to ${capacity + 1}.`,
    undefined,
    instance.instanceId,
  );
  try {
    if (instance.lifecycleState === 'Warmed:Stopped') instances.start?.(instance.instanceId);
  } catch (error) {
    log.fail(activity.id, `${messageOf(error)}. Launching EC2 instance failed.`);
    return false;
  }
  instance.lifecycleState = 'Pending';
  instance.activityId = activity.id;
  // It enters service anew: launching hooks hold it again.
  instance.inServiceAt = undefined;
  instance.protectedFromScaleIn = group.newInstancesProtected;
  return true;
}
