import type {
  CompleteLifecycleActionType,
  DeleteLifecycleHookType,
  DescribeLifecycleHooksType,
  LifecycleHook,
  PutLifecycleHookType,
  RecordLifecycleActionHeartbeatType,
} from '@aws-sdk/client-auto-scaling';
import type { GroupRecord, LifecycleActionRecord, LifecycleHookRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { limitExceeded, validationError } from '../errors.ts';
import { requireGroup } from '../groups.ts';
import { globalTimeoutSeconds, heartbeat } from '../hooks/actions.ts';
import { lifecycleTransitions, readHook, readResult } from '../hooks/read.ts';
import type { Operations } from '../operations.ts';

/** Quota of Auto Scaling: hooks of a group. */
const MAX_HOOKS = 50;

export function hookHandlers(ops: Operations): HandlerTable {
  const { state, clock } = ops.context;

  const done = (group: GroupRecord) => {
    ops.context.changed();
    ops.enqueue(group.name);
    return {};
  };

  return {
    PutLifecycleHook(request: PutLifecycleHookType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const hooks = group.hooks ?? [];
      const hook = readHook(
        request,
        hooks.find((h) => h.name === request.LifecycleHookName),
      );
      const others = hooks.filter((h) => h.name !== hook.name);
      if (others.length >= MAX_HOOKS)
        throw limitExceeded(`A group cannot have more than ${MAX_HOOKS} lifecycle hooks.`);
      group.hooks = [...others, hook];
      return done(group);
    },

    /** Actions of the hook that are open are completed: ABANDON for launches, CONTINUE for terminations (DeleteLifecycleHook, doc). */
    DeleteLifecycleHook(request: DeleteLifecycleHookType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const hook = group.hooks?.find((h) => h.name === request.LifecycleHookName);
      if (!hook) throw validationError(`No Lifecycle Hook found with name: ${request.LifecycleHookName}`);
      group.hooks = group.hooks?.filter((h) => h !== hook);
      const result = hook.transition === 'autoscaling:EC2_INSTANCE_LAUNCHING' ? 'ABANDON' : 'CONTINUE';
      for (const member of group.instances) {
        for (const action of member.lifecycleActions ?? []) if (action.hook === hook.name) action.result ??= result;
      }
      return done(group);
    },

    DescribeLifecycleHooks(request: DescribeLifecycleHooksType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const names = request.LifecycleHookNames ?? [];
      const hooks = (group.hooks ?? []).filter((h) => names.length === 0 || names.includes(h.name));
      return { LifecycleHooks: hooks.map((hook) => describe(group, hook)) };
    },

    DescribeLifecycleHookTypes: () => ({ LifecycleHookTypes: [...lifecycleTransitions] }),

    CompleteLifecycleAction(request: CompleteLifecycleActionType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const result = readResult('LifecycleActionResult', request.LifecycleActionResult);
      findAction(group, request).result = result;
      return done(group);
    },

    RecordLifecycleActionHeartbeat(request: RecordLifecycleActionHeartbeatType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      heartbeat(findAction(group, request), clock.now());
      return done(group);
    },
  };
}

/** The open action of a hook, by token or by instance. */
function findAction(group: GroupRecord, request: RecordLifecycleActionHeartbeatType): LifecycleActionRecord {
  const { LifecycleHookName: hook, LifecycleActionToken: token, InstanceId: id } = request;
  if (!token && !id) throw validationError('Either InstanceId or LifecycleActionToken must be specified.');
  const action = group.instances
    .filter((member) => !id || member.instanceId === id)
    .flatMap((member) => member.lifecycleActions ?? [])
    .find((a) => a.hook === hook && (!token || a.token === token) && a.result === undefined);
  if (action) return action;
  throw validationError(
    token
      ? `No active Lifecycle Action found with token ${token}`
      : `No active Lifecycle Action found with instance ID ${id}`,
  );
}

function describe(group: GroupRecord, hook: LifecycleHookRecord): LifecycleHook {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: group.name,
    LifecycleTransition: hook.transition,
    NotificationTargetARN: hook.notificationTargetArn,
    RoleARN: hook.roleArn,
    NotificationMetadata: hook.notificationMetadata,
    HeartbeatTimeout: hook.heartbeatSeconds,
    GlobalTimeout: globalTimeoutSeconds(hook),
    DefaultResult: hook.defaultResult,
  };
}
