import type {
  BatchDeleteScheduledActionType,
  BatchPutScheduledUpdateGroupActionType,
  DeleteScheduledActionType,
  DescribeScheduledActionsType,
  FailedScheduledUpdateGroupActionRequest,
  PutScheduledUpdateGroupActionType,
  ScheduledUpdateGroupAction,
  ScheduledUpdateGroupActionRequest,
} from '@aws-sdk/client-auto-scaling';
import type { GroupRecord, ScheduledActionRecord } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { resourceArn } from '../describe.ts';
import { alreadyExists, limitExceeded, validationError } from '../errors.ts';
import { requireGroup } from '../groups.ts';
import type { Operations } from '../operations.ts';
import { pageOf } from '../pages.ts';
import { readScheduledAction } from '../schedule/read.ts';

/** Quotas of Auto Scaling: scheduled actions of a group, and entries of a batch call. */
const MAX_ACTIONS = 125;
const MAX_BATCH = 50;

export function scheduledActionHandlers(ops: Operations): HandlerTable {
  const { state, clock } = ops.context;

  const put = (group: GroupRecord, request: ScheduledUpdateGroupActionRequest) => {
    const name = request.ScheduledActionName;
    const actions = group.scheduledActions ?? [];
    const action = readScheduledAction(
      request,
      actions.find((a) => a.name === name),
      clock.now(),
    );
    const others = actions.filter((a) => a.name !== name);
    const same = others.find((a) => a.nextRun === action.nextRun);
    if (same) {
      throw alreadyExists(
        `Scheduled action ${same.name} of group ${group.name} is to run at the same time, ${new Date(same.nextRun).toISOString()}.`,
      );
    }
    if (others.length >= MAX_ACTIONS)
      throw limitExceeded(`A group cannot have more than ${MAX_ACTIONS} scheduled actions.`);
    group.scheduledActions = [...others, action];
  };

  const remove = (group: GroupRecord, name: string | undefined) => {
    const left = (group.scheduledActions ?? []).filter((a) => a.name !== name);
    if (left.length === (group.scheduledActions ?? []).length) {
      throw validationError(`Scheduled action name not found: ${name}`);
    }
    group.scheduledActions = left;
  };

  const done = (group: GroupRecord) => {
    ops.context.changed();
    ops.enqueue(group.name);
    return {};
  };

  return {
    PutScheduledUpdateGroupAction(request: PutScheduledUpdateGroupActionType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      // `Time` is StartTime's former name.
      put(group, { ...request, StartTime: request.StartTime ?? request.Time });
      return done(group);
    },

    BatchPutScheduledUpdateGroupAction(request: BatchPutScheduledUpdateGroupActionType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const failed = each(
        request.ScheduledUpdateGroupActions ?? [],
        (a) => a.ScheduledActionName,
        (a) => put(group, a),
      );
      done(group);
      return { FailedScheduledUpdateGroupActions: failed };
    },

    DeleteScheduledAction(request: DeleteScheduledActionType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      remove(group, request.ScheduledActionName);
      return done(group);
    },

    BatchDeleteScheduledAction(request: BatchDeleteScheduledActionType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const failed = each(
        request.ScheduledActionNames ?? [],
        (name) => name,
        (name) => remove(group, name),
      );
      done(group);
      return { FailedScheduledActions: failed };
    },

    DescribeScheduledActions(request: DescribeScheduledActionsType) {
      const name = request.AutoScalingGroupName;
      const names = request.ScheduledActionNames ?? [];
      if (names.length > 0 && !name)
        throw validationError('AutoScalingGroupName is required with ScheduledActionNames.');
      const found = (name ? [requireGroup(state, name)] : Object.values(state.groups))
        .flatMap((group) => (group.scheduledActions ?? []).map((action) => ({ group, action })))
        .filter(({ action }) => names.length === 0 || names.includes(action.name))
        .filter(({ action }) => !request.StartTime || action.nextRun >= request.StartTime.getTime())
        .filter(({ action }) => !request.EndTime || action.nextRun <= request.EndTime.getTime())
        .sort((a, b) => a.action.nextRun - b.action.nextRun);
      const { page, NextToken } = pageOf(found, request, 50, 100);
      return { ScheduledUpdateGroupActions: page.map((f) => describe(f.group, f.action)), NextToken };
    },
  };
}

/** Does all that can be done, and tells what could not. */
function each<T>(
  items: T[],
  nameOf: (item: T) => string | undefined,
  act: (item: T) => void,
): FailedScheduledUpdateGroupActionRequest[] {
  if (items.length === 0 || items.length > MAX_BATCH) {
    throw validationError(`Between 1 and ${MAX_BATCH} scheduled actions can be given, but ${items.length} were.`);
  }
  return items.flatMap((item) => {
    try {
      act(item);
      return [];
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      return [{ ScheduledActionName: nameOf(item), ErrorCode: error.code, ErrorMessage: error.message }];
    }
  });
}

function describe(group: GroupRecord, action: ScheduledActionRecord): ScheduledUpdateGroupAction {
  const { endTime, recurrence } = action;
  return {
    AutoScalingGroupName: group.name,
    ScheduledActionName: action.name,
    ScheduledActionARN: resourceArn(group, 'scheduledUpdateGroupAction', action.name, 'scheduledActionName'),
    // Of a recurring action its next run, as AWS shows it.
    StartTime: new Date(action.nextRun),
    Time: new Date(action.nextRun),
    EndTime: endTime === undefined ? undefined : new Date(endTime),
    Recurrence: recurrence,
    TimeZone: action.timeZone,
    MinSize: action.minSize,
    MaxSize: action.maxSize,
    DesiredCapacity: action.desiredCapacity,
  };
}
