import type { GroupInstance, GroupRecord } from '../../model.ts';
import type { Launches } from '../launches.ts';
import type { Loss } from '../reconcile-context.ts';
import type { Runtime } from '../runtime.ts';
import type { Terminations } from '../terminations.ts';
import { beginActions, evaluateActions } from './actions.ts';

/** What deciding about one instance needs. */
export interface HookContext {
  readonly runtime: Runtime;
  readonly launches: Launches;
  readonly terminations: Terminations;
  readonly group: GroupRecord;
  requeueAt(at: number): void;
}

/**
 * Whether launching hooks let an instance whose machine runs go on. It is evaluated in the states Pending and Warmed:Pending, in
 * their `:Wait`, and in their `:Proceed`; an instance that has been in service before (Standby, back to the warm pool) is not held.
 * @returns a loss when the hooks abandon it: it is being terminated then
 */
export function passHooks(pass: HookContext, instance: GroupInstance): boolean | Loss {
  const { runtime, group } = pass;
  const { clock } = runtime.context;
  const base = instance.lifecycleState.startsWith('Warmed:') ? 'Warmed:Pending' : 'Pending';
  if (instance.lifecycleState === `${base}:Proceed`) return true;
  if (instance.lifecycleState === base) {
    if (instance.inServiceAt !== undefined) return true;
    if (!beginActions(group, instance, 'autoscaling:EC2_INSTANCE_LAUNCHING', clock.now())) return true;
    instance.lifecycleState = `${base}:Wait`;
    runtime.log.advance(instance.activityId, 'MidLifecycleAction', 60);
    runtime.context.changed();
  }
  const outcome = evaluateActions(instance, clock.now());
  if ('until' in outcome) {
    pass.requeueAt(outcome.until);
    return false;
  }
  instance.lifecycleActions = undefined;
  runtime.context.changed();
  if (outcome.result === 'ABANDON') return abandon(pass, instance, outcome.message);
  instance.lifecycleState = `${base}:Proceed`;
  runtime.log.advance(instance.activityId, 'InProgress', 80);
  // The next pass brings it further: for a moment the state is to be seen.
  runtime.enqueue(group.name);
  return false;
}

function abandon(
  { runtime, launches, terminations, group }: HookContext,
  instance: GroupInstance,
  message: string,
): Loss {
  runtime.log.cancel(instance.activityId, message);
  launches.failed(group.name, instance.lifecycleState.startsWith('Warmed:'));
  terminations.terminate(
    group,
    instance,
    `instance ${instance.instanceId} was taken out of service in response to a lifecycle action that was abandoned.`,
  );
  return { instanceId: instance.instanceId, message: `${instance.instanceId}: ${message}` };
}
