import type { GroupInstance, GroupRecord, InstanceStateName } from '../../model.ts';
import type { Runtime } from '../runtime.ts';
import { beginActions, evaluateActions } from './actions.ts';

const gone: readonly (InstanceStateName | undefined)[] = ['shutting-down', 'terminated', undefined];

/**
 * Lets terminating hooks hold an instance that has left the balancer. Terminated machines are not held: there is
 * nothing left to save on them. Returns false when nothing holds it.
 */
export function holdTermination(runtime: Runtime, group: GroupRecord, instance: GroupInstance): boolean {
  const { state, clock } = runtime.context;
  const now = instance.lifecycleState;
  if (now !== 'Terminating' && now !== 'Warmed:Terminating') return false;
  if (instance.withoutHooks || gone.includes(state.instances[instance.instanceId]?.state)) return false;
  if (!beginActions(group, instance, 'autoscaling:EC2_INSTANCE_TERMINATING', clock.now())) return false;
  instance.lifecycleState = `${now}:Wait`;
  runtime.log.advance(instance.activityId, 'MidLifecycleAction', 40);
  return true;
}

/** Lets an instance go on once its hooks are done. Both results end it; ABANDON does not wait for the other hooks. */
export function checkHeldTermination(
  runtime: Runtime,
  terminations: { proceed(group: GroupRecord, instance: GroupInstance): void },
  group: GroupRecord,
  instance: GroupInstance,
  requeueAt: (at: number) => void,
): void {
  const outcome = evaluateActions(instance, runtime.context.clock.now());
  const machine = runtime.context.state.instances[instance.instanceId]?.state;
  if ('until' in outcome && !gone.includes(machine)) requeueAt(outcome.until);
  else terminations.proceed(group, instance);
}
