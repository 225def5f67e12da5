import type { CloudState, GroupInstance, GroupRecord } from '../model.ts';
import { launchMore } from './capacity.ts';
import { activeInstances, activeRefresh, isSuspended, type LaunchSource } from './groups.ts';
import type { ReconcileContext } from './reconcile-context.ts';
import { failsBalancer } from './traffic.ts';

/**
 * Whether the group's maintenance policy has unhealthy instances that still run replaced before they are ended. During a
 * refresh they go at once: it has bounds of its own.
 */
export function keepsUnhealthy(state: CloudState, group: GroupRecord): boolean {
  return (group.maintenancePolicy?.maxHealthyPercentage ?? 100) > 100 && !activeRefresh(state, group.name);
}

/** Unhealthy instances that wait for their replacements. */
function waitingUnhealthy({ runtime, group }: ReconcileContext, active: GroupInstance[]): GroupInstance[] {
  if (!keepsUnhealthy(runtime.context.state, group)) return [];
  if (isSuspended(group, 'ReplaceUnhealthy') || isSuspended(group, 'Terminate')) return [];
  return active.filter((i) => i.lifecycleState === 'InService' && i.healthStatus === 'Unhealthy');
}

/**
 * Launches replacements as far as the policy's maximum goes (by one at the least), and ends as many of the unhealthy ones as
 * the others that serve can do without.
 * @returns whether there were any: then the group's capacity is looked after here
 */
export function replaceUnhealthy(pass: ReconcileContext, source: LaunchSource): boolean {
  const active = activeInstances(pass.group);
  const unhealthy = waitingUnhealthy(pass, active);
  if (unhealthy.length === 0) return false;
  const { group, terminations, runtime } = pass;
  const { desiredCapacity: desired } = group;
  const serving = active.filter(pass.isServing).length;
  const ended = unhealthy.slice(0, Math.max(0, serving + unhealthy.length - desired));
  for (const instance of ended) {
    const why = failsBalancer(runtime, group, instance)
      ? 'an ELB system health check failure.'
      : 'a user health-check.';
    terminations.terminate(
      group,
      instance,
      `instance ${instance.instanceId} was taken out of service in response to ${why}`,
    );
  }
  const maximum = group.maintenancePolicy?.maxHealthyPercentage ?? 100;
  const surplus = Math.max(1, Math.floor((desired * (maximum - 100)) / 100));
  const wanted = desired + Math.min(unhealthy.length - ended.length, surplus);
  launchMore(pass, wanted - (active.length - ended.length), source, 'an unhealthy instance needing to be replaced');
  return true;
}
