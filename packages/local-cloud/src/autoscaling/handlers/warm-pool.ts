import type { DeleteWarmPoolType, DescribeWarmPoolType, PutWarmPoolType } from '@aws-sdk/client-auto-scaling';
import type { WarmPoolRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { describeMember, describeWarmPool } from '../describe.ts';
import { activityInProgress, resourceInUse, validationError } from '../errors.ts';
import { requireGroup } from '../groups.ts';
import { isTerminating, isWarm } from '../lifecycle-states.ts';
import type { Operations } from '../operations.ts';
import { pageOf } from '../pages.ts';

export function warmPoolHandlers(ops: Operations): HandlerTable {
  const { state } = ops.context;

  const readState = (given: string | undefined): WarmPoolRecord['poolState'] => {
    if (given === 'Hibernated') {
      throw validationError(
        'PoolState Hibernated is not supported by this cloud: its machines cannot hibernate. Use Stopped or Running.',
      );
    }
    if (given !== 'Stopped' && given !== 'Running') throw validationError(`Invalid PoolState: ${given}`);
    if (given === 'Stopped' && !ops.instances.stop) {
      throw validationError('PoolState Stopped is not supported here: instances cannot be switched off. Use Running.');
    }
    return given;
  };

  return {
    PutWarmPool(request: PutWarmPoolType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const before = group.warmPool;
      if (group.deleting || before?.deleting) throw resourceInUse('The group or its warm pool is being deleted.');
      const poolState = readState(request.PoolState || before?.poolState || 'Stopped');
      const minSize = request.MinSize ?? before?.minSize ?? 0;
      if (minSize < 0) throw validationError(`MinSize must not be negative, but is ${minSize}.`);
      const max = request.MaxGroupPreparedCapacity;
      if (max !== undefined && max < -1) {
        throw validationError(`MaxGroupPreparedCapacity must be -1 or more, but is ${max}.`);
      }
      // -1 takes the setting away again.
      const maxPreparedCapacity = max === undefined ? before?.maxPreparedCapacity : max < 0 ? undefined : max;
      if (maxPreparedCapacity !== undefined && maxPreparedCapacity < minSize) {
        throw validationError(
          `MaxGroupPreparedCapacity ${maxPreparedCapacity} must not be below the warm pool's MinSize ${minSize}.`,
        );
      }
      const reuseOnScaleIn = request.InstanceReusePolicy?.ReuseOnScaleIn ?? before?.reuseOnScaleIn ?? false;
      group.warmPool = { poolState, minSize, maxPreparedCapacity, reuseOnScaleIn };
      ops.context.changed();
      ops.enqueue(group.name);
      return {};
    },

    DeleteWarmPool(request: DeleteWarmPoolType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const pool = group.warmPool;
      if (!pool) throw validationError(`No warm pool found for Auto Scaling group ${group.name}`);
      const moving = group.instances.some((i) => i.toWarmPool || i.lifecycleState.startsWith('Warmed:Pending'));
      if (moving && !request.ForceDelete) {
        throw activityInProgress(
          'You cannot delete a warm pool while there are scaling activities in progress for that warm pool.',
        );
      }
      pool.deleting = true;
      if (request.ForceDelete) {
        for (const member of group.instances) member.toWarmPool = undefined;
        for (const member of group.instances.filter(isWarm)) {
          if (member.lifecycleState === 'Warmed:Terminating:Wait') ops.terminations.proceed(group, member);
          if (isTerminating(member)) continue;
          const cause = `instance ${member.instanceId} was taken out of the warm pool in response to a user request to delete the warm pool.`;
          ops.terminations.terminate(group, member, cause, { withoutHooks: true });
        }
      }
      ops.context.changed();
      ops.enqueue(group.name);
      return {};
    },

    DescribeWarmPool(request: DescribeWarmPoolType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const { page, NextToken } = pageOf(group.instances.filter(isWarm), request, 50, 50);
      return {
        WarmPoolConfiguration: group.warmPool && describeWarmPool(group.warmPool),
        Instances: page.map((i) => describeMember(state, group, i)),
        NextToken,
      };
    },
  };
}
