import type { EnterStandbyQuery, ExitStandbyQuery } from '@aws-sdk/client-auto-scaling';
import { isoSeconds } from '@golden-pipeline/shared/text';
import type { HandlerTable } from '../../wire/handler.ts';
import { describeActivity } from '../describe.ts';
import { validationError } from '../errors.ts';
import { requireGroup, requireMembers } from '../groups.ts';
import type { Operations } from '../operations.ts';
import { capacityChange, checkBatch, lowerDesired, sizes } from './capacity-change.ts';

/** EnterStandby and ExitStandby take at most that many instances. */
const STANDBY_BATCH = 20;

export function standbyHandlers(ops: Operations): HandlerTable {
  const { state, clock } = ops.context;
  return {
    EnterStandby(request: EnterStandbyQuery) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const members = requireMembers(group, checkBatch(request.InstanceIds, STANDBY_BATCH));
      for (const m of members) {
        if (m.lifecycleState === 'InService') continue;
        throw validationError(`The instance ${m.instanceId} is not in InService; it is ${m.lifecycleState}.`);
      }
      const from = group.desiredCapacity;
      const decrement = request.ShouldDecrementDesiredCapacity ?? false;
      if (decrement) lowerDesired(group, members.length, 'place into standby');
      const Activities = members.map((member, n) =>
        describeActivity(
          ops.terminations.enterStandby(
            group,
            member,
            `instance ${member.instanceId} was moved to standby in response to a user request${capacityChange(from, n, decrement)}.`,
          ),
          state,
        ),
      );
      ops.enqueue(group.name);
      return { Activities };
    },

    ExitStandby(request: ExitStandbyQuery) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const members = requireMembers(group, checkBatch(request.InstanceIds, STANDBY_BATCH));
      for (const m of members) {
        if (m.lifecycleState === 'Standby') continue;
        throw validationError(`The instance ${m.instanceId} is not in Standby; it is ${m.lifecycleState}.`);
      }
      if (group.desiredCapacity + members.length > group.maxSize) {
        throw validationError(
          `${sizes(group)} To remove from standby ${members.length} instance(s), please update the AutoScalingGroup sizes appropriately.`,
        );
      }
      const Activities = members.map((member) => {
        const from = group.desiredCapacity++;
        const activity = ops.log.begin(
          group.name,
          `Moving EC2 instance out of Standby: ${member.instanceId}`,
          `At ${isoSeconds(clock.now())} instance ${member.instanceId} was moved out of standby in response to a user request, increasing the capacity from ${from} to ${from + 1}.`,
          'PreInService',
          member.instanceId,
        );
        // Its machine runs already: the next pass brings it into service and registers it again.
        Object.assign(member, { lifecycleState: 'Pending', healthStatus: 'Healthy', activityId: activity.id });
        return describeActivity(activity, state);
      });
      ops.context.changed();
      ops.enqueue(group.name);
      return { Activities };
    },
  };
}
