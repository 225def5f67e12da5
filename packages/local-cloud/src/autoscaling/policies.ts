import type { ExecutePolicyType, PutScalingPolicyType, StepAdjustment } from '@aws-sdk/client-auto-scaling';
import type { GroupRecord } from '../model.ts';
import { validationError } from './errors.ts';

export const policyTypes = ['SimpleScaling', 'StepScaling', 'TargetTrackingScaling', 'PredictiveScaling'] as const;
export const adjustmentTypes = ['ChangeInCapacity', 'ExactCapacity', 'PercentChangeInCapacity'] as const;

/** Refuses what AWS refuses about a policy; gives the request with its defaults. */
export function readPolicy(request: PutScalingPolicyType): PutScalingPolicyType {
  if (!request.PolicyName) throw validationError('PolicyName is required.');
  const type = request.PolicyType || 'SimpleScaling';
  if (!policyTypes.some((t) => t === type)) throw validationError(`Invalid PolicyType: ${type}`);
  const need = (name: keyof PutScalingPolicyType) => {
    const value = request[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) {
      throw validationError(`${name} is required for policies of type ${type}.`);
    }
  };
  if (type === 'TargetTrackingScaling') need('TargetTrackingConfiguration');
  else if (type === 'PredictiveScaling') need('PredictiveScalingConfiguration');
  else {
    need('AdjustmentType');
    if (!adjustmentTypes.some((t) => t === request.AdjustmentType)) {
      throw validationError(`Invalid AdjustmentType: ${request.AdjustmentType}`);
    }
    need(type === 'SimpleScaling' ? 'ScalingAdjustment' : 'StepAdjustments');
  }
  return { ...request, PolicyType: type, Enabled: request.Enabled ?? true };
}

/** By how much a policy changes the capacity when it is executed. */
export function adjustmentOf(policy: PutScalingPolicyType, request: ExecutePolicyType): number {
  if (policy.PolicyType === 'SimpleScaling') return policy.ScalingAdjustment ?? 0;
  if (policy.PolicyType !== 'StepScaling') {
    throw validationError(`Policies of type ${policy.PolicyType} cannot be executed.`);
  }
  const { MetricValue, BreachThreshold } = request;
  if (MetricValue === undefined || BreachThreshold === undefined) {
    throw validationError('MetricValue and BreachThreshold are required for policies of type StepScaling.');
  }
  const breach = MetricValue - BreachThreshold;
  const holds = ({ MetricIntervalLowerBound: low, MetricIntervalUpperBound: high }: StepAdjustment) =>
    breach >= 0
      ? breach >= (low ?? Number.NEGATIVE_INFINITY) && breach < (high ?? Number.POSITIVE_INFINITY)
      : breach > (low ?? Number.NEGATIVE_INFINITY) && breach <= (high ?? Number.POSITIVE_INFINITY);
  const step = policy.StepAdjustments?.find(holds);
  if (!step)
    throw validationError(`No step adjustment of ${policy.PolicyName} covers the metric value ${MetricValue}.`);
  return step.ScalingAdjustment ?? 0;
}

/** The desired capacity that an adjustment leads to, within the group's bounds. */
export function adjusted(group: GroupRecord, policy: PutScalingPolicyType, adjustment: number): number {
  const { desiredCapacity, minSize, maxSize } = group;
  return Math.min(maxSize, Math.max(minSize, target(desiredCapacity, policy, adjustment)));
}

function target(desired: number, policy: PutScalingPolicyType, adjustment: number): number {
  if (policy.AdjustmentType === 'ExactCapacity') return adjustment;
  if (policy.AdjustmentType === 'ChangeInCapacity') return desired + adjustment;
  // Beyond one it is rounded towards zero, below one away from it (simple and step scaling guide).
  const exact = (desired * adjustment) / 100;
  const change = Math.abs(exact) < 1 ? Math.sign(exact) : Math.trunc(exact);
  const least = policy.MinAdjustmentMagnitude ?? policy.MinAdjustmentStep ?? 0;
  return desired + Math.sign(adjustment) * Math.max(Math.abs(change), least);
}
