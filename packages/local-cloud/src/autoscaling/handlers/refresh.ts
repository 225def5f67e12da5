import { randomUUID } from 'node:crypto';
import type {
  CancelInstanceRefreshType,
  DescribeInstanceRefreshesType,
  RollbackInstanceRefreshType,
  StartInstanceRefreshType,
} from '@aws-sdk/client-auto-scaling';
import type { RefreshRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { noActiveRefresh, refreshInProgress, validationError } from '../errors.ts';
import { readTemplate } from '../group-settings.ts';
import { activeRefresh, requireGroup } from '../groups.ts';
import { groupMembers } from '../lifecycle-states.ts';
import { readMixedInstances } from '../mixed-instances.ts';
import type { Operations } from '../operations.ts';
import { pageOf } from '../pages.ts';
import { describeRefresh } from '../refresh/describe.ts';
import { beginRollback } from '../refresh/end.ts';
import { forgetRefreshes } from '../refresh/history.ts';
import { readPreferences } from '../refresh/preferences.ts';
import { requireReversible } from '../refresh/reversible.ts';

export function refreshHandlers(ops: Operations): HandlerTable {
  const { state, clock } = ops.context;
  return {
    StartInstanceRefresh(request: StartInstanceRefreshType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      if (request.Strategy && request.Strategy !== 'Rolling') {
        throw validationError(`Strategy ${request.Strategy} is not supported by this cloud; use Rolling.`);
      }
      const preferences = readPreferences(request.Preferences ?? {}, group);
      const { LaunchTemplate, MixedInstancesPolicy } = request.DesiredConfiguration ?? {};
      if (LaunchTemplate && MixedInstancesPolicy) {
        throw validationError('DesiredConfiguration cannot have both LaunchTemplate and MixedInstancesPolicy.');
      }
      const mixed = MixedInstancesPolicy && readMixedInstances(ops, MixedInstancesPolicy);
      const desired = mixed?.launchTemplate ?? (LaunchTemplate && readTemplate(ops, LaunchTemplate));
      if (activeRefresh(state, group.name)) throw refreshInProgress();
      const refresh: RefreshRecord = {
        id: randomUUID(),
        groupName: group.name,
        status: 'Pending',
        startTime: clock.now(),
        percentageComplete: 0,
        instancesToUpdate: groupMembers(group).length,
        preferences,
        desiredLaunchTemplate: desired,
        previousLaunchTemplate: { ...group.launchTemplate },
        desiredMixedInstances: mixed?.mixedInstances,
        previousMixedInstances: group.mixedInstances,
      };
      if (preferences.autoRollback) requireReversible(state, refresh);
      forgetRefreshes(state, clock.now());
      state.refreshes[refresh.id] = refresh;
      ops.context.changed();
      // An empty group is done at once; otherwise the first wave begins a moment later, as on AWS.
      if (group.instances.length === 0 && group.desiredCapacity === 0) ops.reconcileNow(group.name);
      else ops.enqueue(group.name);
      return { InstanceRefreshId: refresh.id };
    },

    DescribeInstanceRefreshes(request: DescribeInstanceRefreshesType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const ids = request.InstanceRefreshIds ?? [];
      // Newest first; records are kept in the order in which they began.
      const refreshes = Object.values(state.refreshes)
        .filter((r) => r.groupName === group.name && (ids.length === 0 || ids.includes(r.id)))
        .reverse();
      const { page, NextToken } = pageOf(refreshes, request, 50, 100);
      return { InstanceRefreshes: page.map((r) => describeRefresh(state, r)), NextToken };
    },

    CancelInstanceRefresh(request: CancelInstanceRefreshType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const refresh = activeRefresh(state, group.name);
      if (!refresh || refresh.status === 'Cancelling') throw noActiveRefresh(group.name);
      const wait = request.WaitForTransitioningInstances ?? true;
      refresh.status = wait ? 'Cancelling' : 'Cancelled';
      refresh.statusReason = 'Cancelled due to user request.';
      if (!wait) refresh.endTime = clock.now();
      ops.context.changed();
      ops.enqueue(group.name);
      return { InstanceRefreshId: refresh.id };
    },

    RollbackInstanceRefresh(request: RollbackInstanceRefreshType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const refresh = activeRefresh(state, group.name);
      if (!refresh || refresh.status === 'Cancelling' || refresh.status === 'RollbackInProgress') {
        throw noActiveRefresh(group.name);
      }
      requireReversible(state, refresh);
      beginRollback(refresh, 'Manual rollback', clock.now());
      ops.context.changed();
      ops.enqueue(group.name);
      return { InstanceRefreshId: refresh.id };
    },
  };
}
