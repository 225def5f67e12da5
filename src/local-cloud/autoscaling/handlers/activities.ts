import type { DescribeScalingActivitiesType } from '@aws-sdk/client-auto-scaling';
import type { HandlerTable } from '../../wire/handler.ts';
import { describeActivity } from '../describe.ts';
import { requireGroup } from '../groups.ts';
import { pageOf } from '../pages.ts';
import type { Operations } from '../runtime.ts';

export function activityHandlers(ops: Operations): HandlerTable {
  const { state } = ops.context;
  return {
    /** Newest first, as AWS answers. */
    DescribeScalingActivities(request: DescribeScalingActivitiesType) {
      const name = request.AutoScalingGroupName;
      const ids = request.ActivityIds ?? [];
      if (name && !request.IncludeDeletedGroups) requireGroup(state, name);
      const activities = state.activities
        .filter((a) => !name || a.groupName === name)
        .filter((a) => request.IncludeDeletedGroups || Object.hasOwn(state.groups, a.groupName))
        .filter((a) => ids.length === 0 || ids.includes(a.id))
        .reverse();
      const { page, NextToken } = pageOf(activities, request, 100, 100);
      return { Activities: page.map(describeActivity), NextToken };
    },
  };
}
