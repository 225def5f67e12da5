import type {
  AttachInstancesQuery,
  DescribeAutoScalingInstancesType,
  DetachInstancesQuery,
  SetInstanceHealthQuery,
  SetInstanceProtectionQuery,
  TerminateInstanceInAutoScalingGroupType,
} from '@aws-sdk/client-auto-scaling';
import { isoSeconds } from '@golden-pipeline/shared/text';
import type { GroupInstance, GroupRecord, LifecycleState } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { describeActivity, describeInstance } from '../describe.ts';
import { notInGroup, validationError } from '../errors.ts';
import { groupOfInstance, isSuspended, requireGroup, requireMembers } from '../groups.ts';
import { isTerminating, isWarm } from '../lifecycle-states.ts';
import type { Operations } from '../operations.ts';
import { pageOf } from '../pages.ts';
import { registerTargets } from '../traffic.ts';
import { capacityChange, checkBatch, lowerDesired, sizes } from './capacity-change.ts';

/** States in which the protection from scale-in can be changed. */
const protectable: readonly LifecycleState[] = ['InService', 'EnteringStandby', 'Standby'];

export function instanceHandlers(ops: Operations): HandlerTable {
  const { state, clock } = ops.context;

  const requireMember = (instanceId: string | undefined): { group: GroupRecord; member: GroupInstance } => {
    const group = instanceId ? groupOfInstance(state, instanceId) : undefined;
    const member = group?.instances.find((i) => i.instanceId === instanceId);
    if (!group || !member)
      throw validationError(`Instance Id not found - No managed instance found for instance ID: ${instanceId}`);
    return { group, member };
  };

  return {
    DescribeAutoScalingInstances(request: DescribeAutoScalingInstancesType) {
      const ids = request.InstanceIds ?? [];
      const all = Object.values(state.groups).flatMap((group) =>
        group.instances
          .filter((i) => ids.length === 0 || ids.includes(i.instanceId))
          .map((member) => describeInstance(state, group, member)),
      );
      const { page, NextToken } = pageOf(all, request, 50, 50);
      return { AutoScalingInstances: page, NextToken };
    },

    SetInstanceHealth(request: SetInstanceHealthQuery) {
      const { group, member } = requireMember(request.InstanceId);
      if (request.HealthStatus !== 'Healthy' && request.HealthStatus !== 'Unhealthy') {
        throw validationError(`HealthStatus must be Healthy or Unhealthy, but is ${request.HealthStatus}.`);
      }
      const graceEnds = (member.inServiceAt ?? clock.now()) + group.healthCheckGracePeriodSeconds * 1000;
      const inGrace = (request.ShouldRespectGracePeriod ?? true) && graceEnds > clock.now();
      if (request.HealthStatus === 'Unhealthy' && inGrace) return {};
      member.healthStatus = request.HealthStatus;
      ops.context.changed();
      ops.enqueue(group.name);
      return {};
    },

    SetInstanceProtection(request: SetInstanceProtectionQuery) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const members = requireMembers(group, checkBatch(request.InstanceIds, 50));
      const other = members.find(({ lifecycleState }) => !protectable.includes(lifecycleState));
      if (other) {
        throw validationError(`The instance ${other.instanceId} is not in InService or EnteringStandby or Standby.`);
      }
      for (const member of members) member.protectedFromScaleIn = request.ProtectedFromScaleIn ?? false;
      ops.context.changed();
      ops.enqueue(group.name);
      return {};
    },

    AttachInstances(request: AttachInstancesQuery) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const ids = checkBatch(request.InstanceIds, 20);
      for (const id of ids) {
        const machine = state.instances[id];
        if (!machine) throw validationError(`Invalid Instance ID(s): [${id}]`);
        const other = groupOfInstance(state, id);
        if (other) throw validationError(`Instance ${id} is already part of Auto Scaling group: ${other.name}.`);
        if (machine.state !== 'running')
          throw validationError(`Instance ${id} is not in correct state for attaching; it is ${machine.state}.`);
        if (!group.availabilityZones.includes(machine.availabilityZone)) {
          throw validationError(`Instance ${id} is in ${machine.availabilityZone}, which the group does not use.`);
        }
      }
      if (group.desiredCapacity + ids.length > group.maxSize) {
        throw validationError(
          `${sizes(group)} To attach ${ids.length} instance(s), please update the AutoScalingGroup sizes appropriately.`,
        );
      }
      for (const id of ids) {
        const from = group.desiredCapacity++;
        const activity = ops.log.begin(
          group.name,
          `Attaching an existing EC2 instance: ${id}`,
          `At ${isoSeconds(clock.now())} an instance was added in response to user request, increasing the capacity from ${from} to ${from + 1}.`,
          undefined,
          id,
        );
        ops.log.finish(activity.id);
        group.instances.push({
          instanceId: id,
          lifecycleState: 'InService',
          healthStatus: 'Healthy',
          availabilityZone: state.instances[id]?.availabilityZone ?? '',
          launchTemplate: state.instances[id]?.launchTemplate ?? { id: '', version: 0 },
          protectedFromScaleIn: group.newInstancesProtected,
          inServiceAt: clock.now(),
        });
        if (!isSuspended(group, 'AddToLoadBalancer')) registerTargets(ops, group, id);
      }
      ops.context.changed();
      ops.enqueue(group.name);
      return {};
    },

    DetachInstances(request: DetachInstancesQuery) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const members = requireMembers(group, checkBatch(request.InstanceIds, 20));
      for (const m of members) {
        if (m.lifecycleState === 'InService' || m.lifecycleState === 'Standby') continue;
        throw validationError(
          `The instance ${m.instanceId} is not in correct state for detaching; it is ${m.lifecycleState}.`,
        );
      }
      const from = group.desiredCapacity;
      if (request.ShouldDecrementDesiredCapacity) lowerDesired(group, members.length, 'detach');
      const Activities = members.map((member, n) =>
        describeActivity(
          ops.terminations.detach(
            group,
            member,
            `instance ${member.instanceId} was detached in response to a user request${capacityChange(from, n, request.ShouldDecrementDesiredCapacity)}.`,
          ),
          state,
        ),
      );
      ops.enqueue(group.name);
      return { Activities };
    },

    TerminateInstanceInAutoScalingGroup(request: TerminateInstanceInAutoScalingGroupType) {
      const ids = request.InstanceIds?.length ? checkBatch(request.InstanceIds, 100) : [request.InstanceId];
      const found = ids.map(requireMember);
      if (request.InstanceIds?.length) {
        const named = requireGroup(state, request.AutoScalingGroupName);
        const stranger = found.find(({ group }) => group !== named);
        if (stranger) throw notInGroup(stranger.member.instanceId, named.name);
      }
      const decrement = request.ShouldDecrementDesiredCapacity ?? false;
      for (const { group, member } of found) {
        if (isTerminating(member)) throw validationError(`Instance ${member.instanceId} is already terminating.`);
        // Members of the warm pool do not count towards the desired capacity.
        const leaving = found.filter((f) => f.group === group && !isWarm(f.member)).length;
        if (decrement && leaving > 0 && group.desiredCapacity - leaving < group.minSize) {
          throw validationError(
            `Currently, desiredSize equals minSize (${group.minSize}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
          );
        }
      }
      const activities = found.map(({ group, member }) => {
        const from = group.desiredCapacity;
        const lowers = decrement && !isWarm(member);
        if (lowers) group.desiredCapacity--;
        const activity = ops.terminations.terminate(
          group,
          member,
          `instance ${member.instanceId} was taken out of service in response to a user request${capacityChange(from, 0, lowers)}.`,
        );
        ops.enqueue(group.name);
        return describeActivity(activity, state);
      });
      return request.InstanceIds?.length ? { Activities: activities } : { Activity: activities[0] };
    },
  };
}
