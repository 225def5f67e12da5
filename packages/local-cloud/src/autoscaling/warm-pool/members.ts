import type { GroupInstance, InstanceStateName } from '../../model.ts';
import { passHooks } from '../hooks/launching.ts';
import { checkHeldTermination } from '../hooks/terminating.ts';
import { isTerminating, isWarm } from '../lifecycle-states.ts';
import type { Loss, ReconcileContext } from '../reconcile-context.ts';

const gone: readonly (InstanceStateName | undefined)[] = ['shutting-down', 'terminated', undefined];
const off: readonly (InstanceStateName | undefined)[] = [...gone, 'stopping', 'stopped'];

/** Brings the members of the warm pool up to date with their machines and hooks. */
export function checkPool(pass: ReconcileContext): Loss[] {
  const { group, runtime, terminations } = pass;
  const losses: Loss[] = [];
  for (const instance of [...group.instances]) {
    if (!isWarm(instance)) continue;
    if (instance.lifecycleState === 'Warmed:Terminating:Wait') {
      checkHeldTermination(runtime, terminations, group, instance, pass.requeueAt);
    }
    if (isTerminating(instance)) continue;
    const machine = runtime.context.state.instances[instance.instanceId]?.state;
    if (isLost(instance, machine)) losses.push(lose(pass, instance));
    else if (instance.lifecycleState.startsWith('Warmed:Pending')) {
      const loss = prepare(pass, instance, machine);
      if (loss) losses.push(loss);
    }
  }
  return losses;
}

/** Whether the machine is not what its state in the pool needs. */
function isLost({ lifecycleState }: GroupInstance, machine: InstanceStateName | undefined): boolean {
  const mayBeOff = lifecycleState === 'Warmed:Stopped' || lifecycleState === 'Warmed:Pending:Proceed';
  return (mayBeOff ? gone : off).includes(machine);
}

/** Takes an instance through its hooks to the state that the pool keeps its instances in. */
function prepare(
  pass: ReconcileContext,
  instance: GroupInstance,
  machine: InstanceStateName | undefined,
): Loss | undefined {
  const { runtime, launches, group } = pass;
  if (machine === 'running') {
    const passed = passHooks(pass, instance);
    if (passed !== true) return passed || undefined;
    if (group.warmPool?.poolState !== 'Running' && runtime.instances.stop) {
      instance.lifecycleState = 'Warmed:Pending:Proceed';
      runtime.instances.stop(instance.instanceId);
      return undefined;
    }
  } else if (machine !== 'stopped') return undefined;
  instance.lifecycleState = machine === 'running' ? 'Warmed:Running' : 'Warmed:Stopped';
  runtime.log.finish(instance.activityId);
  instance.activityId = undefined;
  launches.succeeded(group.name, true);
  runtime.context.changed();
  return undefined;
}

function lose({ runtime, launches, terminations, group }: ReconcileContext, instance: GroupInstance): Loss {
  const { context, log } = runtime;
  const reason = context.state.instances[instance.instanceId]?.stateReason?.message ?? 'the instance has ended';
  if (instance.lifecycleState.startsWith('Warmed:Pending')) {
    log.fail(instance.activityId, `Instance became unhealthy while it was being prepared: ${reason}`);
    launches.failed(group.name, true);
  }
  terminations.terminate(
    group,
    instance,
    `instance ${instance.instanceId} was taken out of the warm pool in response to an EC2 health check indicating it has been terminated or stopped.`,
  );
  return { instanceId: instance.instanceId, message: `${instance.instanceId} was lost in the warm pool: ${reason}` };
}
