import { randomUUID } from 'node:crypto';
import type {
  GroupInstance,
  GroupRecord,
  LifecycleActionRecord,
  LifecycleHookRecord,
  LifecycleTransition,
} from '../../model.ts';

/** However many heartbeats come: 48 hours, or 100 times the heartbeat timeout if that is less (lifecycle hooks guide). */
const MAX_WAIT_SECONDS = 48 * 3600;
const MAX_HEARTBEATS = 100;

/** Seconds that a hook may hold an instance at the most, in all. */
export function globalTimeoutSeconds(hook: Pick<LifecycleHookRecord, 'heartbeatSeconds'>): number {
  return Math.min(MAX_WAIT_SECONDS, MAX_HEARTBEATS * hook.heartbeatSeconds);
}

/** Lets the hooks of a transition take hold of an instance. Returns false when there are none. */
export function beginActions(
  group: GroupRecord,
  instance: GroupInstance,
  transition: LifecycleTransition,
  now: number,
): boolean {
  const hooks = (group.hooks ?? []).filter((hook) => hook.transition === transition);
  if (hooks.length === 0) return false;
  instance.lifecycleActions = hooks.map((hook) => ({
    hook: hook.name,
    token: randomUUID(),
    heartbeatSeconds: hook.heartbeatSeconds,
    defaultResult: hook.defaultResult,
    expiresAt: now + hook.heartbeatSeconds * 1000,
    endsAt: now + globalTimeoutSeconds(hook) * 1000,
  }));
  return true;
}

/** Keeps an action alive for another heartbeat timeout, as far as its global timeout goes. */
export function heartbeat(action: LifecycleActionRecord, now: number): void {
  action.expiresAt = Math.min(now + action.heartbeatSeconds * 1000, action.endsAt);
}

/** What the hooks have come to. */
export type Outcome = { until: number } | { result: 'CONTINUE' } | { result: 'ABANDON'; message: string };

/**
 * Evaluates the actions that hold an instance. One ABANDON decides at once; CONTINUE needs all of them. An action that has
 * expired has its default result.
 */
export function evaluateActions(instance: GroupInstance, now: number): Outcome {
  const actions = instance.lifecycleActions ?? [];
  for (const action of actions) {
    if (action.result !== undefined || action.expiresAt > now) continue;
    action.result = action.defaultResult;
    action.timedOut = true;
  }
  const abandoned = actions.find((action) => action.result === 'ABANDON');
  if (abandoned) return { result: 'ABANDON', message: abandonMessage(abandoned) };
  const open = actions.filter((action) => action.result === undefined);
  if (open.length === 0) return { result: 'CONTINUE' };
  return { until: Math.min(...open.map((action) => action.expiresAt)) };
}

/** As AWS words it in the activity. */
function abandonMessage(action: LifecycleActionRecord): string {
  const why = action.timedOut ? 'Heartbeat Timeout' : 'Lifecycle Action Completed with ABANDON Result';
  return `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${action.token} was abandoned: ${why}`;
}
