import type { DeleteAutoScalingGroupType } from '@aws-sdk/client-auto-scaling';
import type { HandlerTable } from '../../wire/handler.ts';
import { activityInProgress, groupHasInstances, resourceContention, resourceInUse } from '../errors.ts';
import { activeRefresh, requireGroup } from '../groups.ts';
import { isHeld, isPending, isTerminating } from '../lifecycle-states.ts';
import type { Operations } from '../operations.ts';
import { refuseProtected } from '../shown-settings.ts';

export function deleteGroupHandlers(ops: Operations): HandlerTable {
  const { state, clock } = ops.context;
  return {
    DeleteAutoScalingGroup(request: DeleteAutoScalingGroupType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      refuseProtected(group, request.ForceDelete ?? false);
      if (!request.ForceDelete) {
        if (group.instances.some((i) => isTerminating(i) || isPending(i))) {
          throw activityInProgress(
            'You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.',
          );
        }
        if (group.instances.length > 0) throw groupHasInstances();
        if (group.warmPool) throw resourceInUse('You cannot delete an AutoScalingGroup that has a warm pool.');
        if (activeRefresh(state, group.name)) {
          throw resourceContention(`An instance refresh of AutoScalingGroup ${group.name} is in progress.`);
        }
      }
      const refresh = activeRefresh(state, group.name);
      if (refresh)
        Object.assign(refresh, {
          status: 'Cancelled',
          endTime: clock.now(),
          statusReason: 'The group is being deleted.',
        });
      Object.assign(group, { deleting: true, minSize: 0, maxSize: 0, desiredCapacity: 0, warmPool: undefined });
      for (const member of group.instances) {
        // By force: what hooks hold goes on, and what leaves now is not held.
        if (isHeld(member) && isTerminating(member)) ops.terminations.proceed(group, member);
        member.withoutHooks = true;
        if (isTerminating(member) || member.lifecycleState === 'Detaching') continue;
        ops.terminations.terminate(
          group,
          member,
          `instance ${member.instanceId} was taken out of service in response to a user request to delete the group.`,
          { withoutHooks: true },
        );
      }
      ops.context.changed();
      ops.reconcileNow(group.name);
      return {};
    },
  };
}
