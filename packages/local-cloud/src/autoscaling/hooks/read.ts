import type { LifecycleHookSpecification, PutLifecycleHookType } from '@aws-sdk/client-auto-scaling';
import type { LifecycleHookRecord, LifecycleResult, LifecycleTransition } from '../../model.ts';
import { validationError } from '../errors.ts';

/** Bounds and default of the heartbeat timeout in seconds (PutLifecycleHook in the SDK's typings). */
const MIN_HEARTBEAT_SECONDS = 30;
const MAX_HEARTBEAT_SECONDS = 7200;
const DEFAULT_HEARTBEAT_SECONDS = 3600;

export const lifecycleTransitions: readonly LifecycleTransition[] = [
  'autoscaling:EC2_INSTANCE_LAUNCHING',
  'autoscaling:EC2_INSTANCE_TERMINATING',
];

const namePattern = /^[A-Za-z0-9\-_/]{1,255}$/;

/**
 * A hook from a request; one that exists keeps what the request does not name.
 * @throws CloudError for what AWS refuses
 */
export function readHook(
  request: Omit<PutLifecycleHookType | LifecycleHookSpecification, 'AutoScalingGroupName'>,
  before?: LifecycleHookRecord,
): LifecycleHookRecord {
  const name = request.LifecycleHookName ?? '';
  if (!namePattern.test(name)) throw validationError(`Invalid lifecycle hook name: '${name}'`);
  const transition = readTransition(request.LifecycleTransition || before?.transition);
  const heartbeatSeconds = request.HeartbeatTimeout ?? before?.heartbeatSeconds ?? DEFAULT_HEARTBEAT_SECONDS;
  if (heartbeatSeconds < MIN_HEARTBEAT_SECONDS || heartbeatSeconds > MAX_HEARTBEAT_SECONDS) {
    throw validationError(
      `HeartbeatTimeout must be between ${MIN_HEARTBEAT_SECONDS} and ${MAX_HEARTBEAT_SECONDS} seconds, but is ${heartbeatSeconds}.`,
    );
  }
  const target = request.NotificationTargetARN;
  return {
    name,
    transition,
    heartbeatSeconds,
    defaultResult: readResult('DefaultResult', request.DefaultResult || before?.defaultResult || 'ABANDON'),
    // An empty string takes the target away.
    notificationTargetArn: target === undefined ? before?.notificationTargetArn : target || undefined,
    roleArn: request.RoleARN || before?.roleArn,
    notificationMetadata: request.NotificationMetadata || before?.notificationMetadata,
  };
}

function readTransition(given: string | undefined): LifecycleTransition {
  const known = lifecycleTransitions.find((t) => t === given);
  if (known) return known;
  if (!given) throw validationError('LifecycleTransition is required for a new lifecycle hook.');
  throw validationError(`Invalid Lifecycle Transition: ${given}`);
}

/** CONTINUE or ABANDON, and nothing else. */
export function readResult(name: string, given: string | undefined): LifecycleResult {
  if (given === 'CONTINUE' || given === 'ABANDON') return given;
  throw validationError(`${name} must be CONTINUE or ABANDON, but is ${given}.`);
}
