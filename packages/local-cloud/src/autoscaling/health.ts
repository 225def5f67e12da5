import type { GroupInstance, GroupRecord, InstanceStateName } from '../model.ts';
import { isSuspended } from './groups.ts';
import { passHooks } from './hooks/launching.ts';
import { checkHeldTermination } from './hooks/terminating.ts';
import type { Launches } from './launches.ts';
import { isPending } from './lifecycle-states.ts';
import { keepsUnhealthy } from './maintenance.ts';
import type { Loss } from './reconcile-context.ts';
import type { Runtime } from './runtime.ts';
import type { Terminations } from './terminations.ts';
import { failsBalancer } from './traffic.ts';

const deadStates: readonly (InstanceStateName | undefined)[] = [
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
  undefined,
];

/**
 * After a restart of the cloud its machines boot again, and their targets fail their checks until the services are up. Members
 * of before get that long to come back.
 */
const RESUME_GRACE_MS = 60_000;

const causes = {
  ec2: 'an EC2 health check indicating it has been terminated or stopped.',
  elb: 'an ELB system health check failure.',
  user: 'a user health-check.',
};

/**
 * Brings the members of a group up to date with EC2 and the balancer: machines that run enter service unless
 * launching hooks hold them, members that failed their checks are marked and replaced. Standby members are not checked.
 * @param requeueAt called with the end of a grace period that matters
 */
export function checkMembers(
  runtime: Runtime,
  launches: Launches,
  terminations: Terminations,
  group: GroupRecord,
  requeueAt: (at: number) => void,
): Loss[] {
  const { state } = runtime.context;
  const losses: Loss[] = [];
  for (const instance of [...group.instances]) {
    const machine = state.instances[instance.instanceId];
    if (instance.lifecycleState === 'Terminating:Wait') {
      checkHeldTermination(runtime, terminations, group, instance, requeueAt);
    } else if (isPending(instance)) {
      if (machine?.state === 'running') {
        const passed = passHooks({ runtime, launches, terminations, group, requeueAt }, instance);
        if (passed === true) launches.enterService(group, instance);
        else if (passed) losses.push(passed);
      } else if (deadStates.includes(machine?.state))
        losses.push(loseLaunch(runtime, launches, terminations, group, instance));
    }
    if (instance.lifecycleState !== 'InService') continue;
    const failure = evaluate(runtime, group, instance, machine?.state, requeueAt);
    if (failure && !isSuspended(group, 'HealthCheck') && instance.healthStatus === 'Healthy') {
      instance.healthStatus = 'Unhealthy';
      runtime.context.changed();
    }
    if (
      instance.healthStatus === 'Unhealthy' &&
      !isSuspended(group, 'ReplaceUnhealthy') &&
      !isSuspended(group, 'Terminate') &&
      (failure === 'ec2' || !keepsUnhealthy(state, group))
    ) {
      const why = causes[failure ?? 'user'];
      terminations.terminate(
        group,
        instance,
        `instance ${instance.instanceId} was taken out of service in response to ${why}`,
      );
      losses.push({
        instanceId: instance.instanceId,
        inServiceAt: instance.inServiceAt,
        message: `${instance.instanceId} failed ${why}`,
      });
    }
  }
  return losses;
}

/** A machine that ended before it ran: its launch has failed. */
function loseLaunch(
  runtime: Runtime,
  launches: Launches,
  terminations: Terminations,
  group: GroupRecord,
  instance: GroupInstance,
): Loss {
  const { context, log } = runtime;
  const reason =
    context.state.instances[instance.instanceId]?.stateReason?.message ?? 'the instance ended before it was running';
  log.fail(instance.activityId, `Instance became unhealthy while waiting for it to be running: ${reason}`);
  launches.failed(group.name);
  terminations.terminate(
    group,
    instance,
    `instance ${instance.instanceId} was taken out of service in response to ${causes.ec2}`,
  );
  return { instanceId: instance.instanceId, message: `${instance.instanceId} did not start: ${reason}` };
}

function evaluate(
  runtime: Runtime,
  group: GroupRecord,
  instance: GroupInstance,
  machine: InstanceStateName | undefined,
  requeueAt: (at: number) => void,
): 'ec2' | 'elb' | undefined {
  if (deadStates.includes(machine)) return 'ec2';
  if (!failsBalancer(runtime, group, instance)) return undefined;
  const inServiceAt = instance.inServiceAt ?? 0;
  const resumed = inServiceAt < runtime.startedAt() ? runtime.startedAt() + RESUME_GRACE_MS : 0;
  const graceEnds = Math.max(inServiceAt + group.healthCheckGracePeriodSeconds * 1000, resumed);
  if (graceEnds <= runtime.context.clock.now()) return 'elb';
  requeueAt(graceEnds);
  return undefined;
}
