import type { GroupInstance, RefreshRecord, RefreshWork } from '../../model.ts';
import type { ReconcileContext } from '../reconcile-context.ts';

/**
 * Sorts what is left to replace: what may be replaced now, and what a person holds (Standby, protected) and the refresh
 * waits for. What the preferences ignore is dropped; Standby instances that they end are ended here.
 */
export function sortRemaining(
  pass: ReconcileContext,
  refresh: RefreshRecord,
  work: RefreshWork,
): { replaceable: GroupInstance[]; blocked: GroupInstance[] } {
  const { standbyInstances, scaleInProtectedInstances } = refresh.preferences;
  const replaceable: GroupInstance[] = [];
  const blocked: GroupInstance[] = [];
  const old = new Set(work.remaining);
  for (const instance of pass.group.instances) {
    if (!old.has(instance.instanceId)) continue;
    const inStandby = instance.lifecycleState === 'Standby' || instance.lifecycleState === 'EnteringStandby';
    const policy = inStandby ? standbyInstances : instance.protectedFromScaleIn ? scaleInProtectedInstances : 'Refresh';
    if (policy === 'Wait') blocked.push(instance);
    else if (policy === 'Refresh') replaceable.push(instance);
    else {
      old.delete(instance.instanceId);
      if (policy === 'Terminate') {
        pass.terminations.terminate(
          pass.group,
          instance,
          `instance ${instance.instanceId} in Standby was terminated in response to an instance refresh (${refresh.id}).`,
        );
      }
    }
  }
  work.remaining = work.remaining.filter((id) => old.has(id));
  return { replaceable, blocked };
}
