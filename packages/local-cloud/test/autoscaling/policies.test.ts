import type { PutScalingPolicyType } from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import { adjusted, adjustmentOf, readPolicy } from '../../src/autoscaling/policies.ts';
import type { GroupRecord } from '../../src/model.ts';

const group = { desiredCapacity: 10, minSize: 1, maxSize: 20 } as GroupRecord;
const base = { AutoScalingGroupName: 'api', PolicyName: 'p' };

describe('policies', () => {
  it.each([
    ['ChangeInCapacity', 3, {}, 13],
    ['ChangeInCapacity', -30, {}, 1],
    ['ChangeInCapacity', 30, {}, 20],
    ['ExactCapacity', 7, {}, 7],
    ['PercentChangeInCapacity', 50, {}, 15],
    // 2.5 becomes 2, and 0.5 becomes 1; so below zero.
    ['PercentChangeInCapacity', 25, {}, 12],
    ['PercentChangeInCapacity', 5, {}, 11],
    ['PercentChangeInCapacity', -25, {}, 8],
    ['PercentChangeInCapacity', -5, {}, 9],
    ['PercentChangeInCapacity', 10, { MinAdjustmentMagnitude: 4 }, 14],
    ['PercentChangeInCapacity', -10, { MinAdjustmentMagnitude: 4 }, 6],
  ])('adjust by %s %d %j', (AdjustmentType, adjustment, more, expected) => {
    expect(adjusted(group, { ...base, AdjustmentType, ...more }, adjustment)).toBe(expected);
  });

  it('find the step that a metric is in', () => {
    const policy: PutScalingPolicyType = {
      ...base,
      PolicyType: 'StepScaling',
      StepAdjustments: [
        { MetricIntervalUpperBound: 0, ScalingAdjustment: -1 },
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 20, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 20, ScalingAdjustment: 3 },
      ],
    };
    const at = (MetricValue: number) => adjustmentOf(policy, { PolicyName: 'p', MetricValue, BreachThreshold: 50 });
    expect([40, 50, 69, 70, 99].map(at)).toEqual([-1, 1, 1, 3, 3]);
    expect(() => adjustmentOf(policy, { PolicyName: 'p' })).toThrow('MetricValue and BreachThreshold are required');
    const upper = { ...policy, StepAdjustments: policy.StepAdjustments?.slice(2) };
    expect(() => adjustmentOf(upper, { PolicyName: 'p', MetricValue: 60, BreachThreshold: 50 })).toThrow(
      'No step adjustment',
    );
  });

  it('are simple and enabled by default', () => {
    const read = readPolicy({ ...base, AdjustmentType: 'ExactCapacity', ScalingAdjustment: 2 });
    expect(read).toMatchObject({ PolicyType: 'SimpleScaling', Enabled: true });
  });

  it.each([
    [{ PolicyName: '' }, 'PolicyName is required'],
    [{ PolicyType: 'Guess' }, 'Invalid PolicyType: Guess'],
    [{}, 'AdjustmentType is required for policies of type SimpleScaling'],
    [{ AdjustmentType: 'Double' }, 'Invalid AdjustmentType: Double'],
    [{ AdjustmentType: 'ExactCapacity' }, 'ScalingAdjustment is required'],
    [
      { AdjustmentType: 'ExactCapacity', PolicyType: 'StepScaling', StepAdjustments: [] },
      'StepAdjustments is required',
    ],
    [{ PolicyType: 'TargetTrackingScaling' }, 'TargetTrackingConfiguration is required'],
    [{ PolicyType: 'PredictiveScaling' }, 'PredictiveScalingConfiguration is required'],
  ])('are refused as %j', (more, message) => {
    expect(() => readPolicy({ ...base, ...more })).toThrow(message);
  });
});
