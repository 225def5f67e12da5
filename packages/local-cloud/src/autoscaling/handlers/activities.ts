import type { DescribeScalingActivitiesType, Filter } from '@aws-sdk/client-auto-scaling';
import type { ActivityRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { describeActivity } from '../describe.ts';
import { validationError } from '../errors.ts';
import { requireGroup } from '../groups.ts';
import type { Operations } from '../operations.ts';
import { pageOf } from '../pages.ts';

export function activityHandlers(ops: Operations): HandlerTable {
  const { state } = ops.context;
  return {
    /** Newest first, as AWS answers. */
    DescribeScalingActivities(request: DescribeScalingActivitiesType) {
      const name = request.AutoScalingGroupName;
      const ids = request.ActivityIds ?? [];
      const filters = (request.Filters ?? []).map((filter) => readFilter(filter, name));
      if (name && !request.IncludeDeletedGroups) requireGroup(state, name);
      const activities = state.activities
        .filter((a) => !name || a.groupName === name)
        .filter((a) => request.IncludeDeletedGroups || Object.hasOwn(state.groups, a.groupName))
        .filter((a) => ids.length === 0 || ids.includes(a.id))
        .filter((a) => filters.every((fits) => fits(a)))
        .reverse();
      const { page, NextToken } = pageOf(activities, request, 100, 100);
      return { Activities: page.map((a) => describeActivity(a, state)), NextToken };
    },
  };
}

/** Filters as in DescribeScalingActivitiesType of the SDK's typings. */
function readFilter({ Name, Values = [] }: Filter, groupName: string | undefined): (a: ActivityRecord) => boolean {
  if (Name === 'Status') {
    if (!groupName) throw validationError('The filter Status can only be used together with AutoScalingGroupName.');
    return (a) => Values.includes(a.statusCode);
  }
  if (Name !== 'StartTimeLowerBound' && Name !== 'StartTimeUpperBound') {
    const allowed = 'StartTimeLowerBound, StartTimeUpperBound, Status';
    throw validationError(`Filter type ${Name} is not correct. Allowed Filter types are: ${allowed}`);
  }
  const bounds = Values.map((text) => readTime(Name, text));
  if (Name === 'StartTimeLowerBound') return (a) => bounds.every((bound) => a.startTime >= bound);
  return (a) => bounds.every((bound) => a.startTime <= bound);
}

/** ISO 8601; UTC where there is no offset. */
function readTime(name: string, text: string): number {
  const parts = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  const at = parts ? Date.parse(parts[3] ? text : `${text}Z`) : Number.NaN;
  if (Number.isNaN(at)) throw validationError(`The value ${text} of the filter ${name} is not an ISO 8601 time.`);
  return at;
}
