import { describe, expect, it } from 'vitest';
import { type Fixture, setUp } from '../support.ts';

const AutoScalingGroupName = 'api';

async function withPolicy(more: object = {}): Promise<{ f: Fixture; arn: string }> {
  const f = setUp();
  await f.create();
  const { PolicyARN } = await f.send('PutScalingPolicy', {
    AutoScalingGroupName,
    PolicyName: 'out',
    AdjustmentType: 'ChangeInCapacity',
    ScalingAdjustment: 2,
    ...more,
  });
  return { f, arn: PolicyARN };
}

describe('operations of policies', () => {
  it('keep one as it was given, under one ARN, and delete it', async () => {
    const { f, arn } = await withPolicy();
    expect(arn).toMatch(/:scalingPolicy:[0-9a-f-]{36}:autoScalingGroupName\/api:policyName\/out$/);
    const again = await f.send('PutScalingPolicy', {
      AutoScalingGroupName,
      PolicyName: 'out',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingConfiguration: {
        TargetValue: 50,
        PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
      },
    });
    expect(again.PolicyARN).toBe(arn);
    const { ScalingPolicies } = await f.send('DescribePolicies', { AutoScalingGroupName });
    expect(ScalingPolicies).toMatchObject([
      {
        PolicyName: 'out',
        PolicyARN: arn,
        PolicyType: 'TargetTrackingScaling',
        Enabled: true,
        TargetTrackingConfiguration: { TargetValue: 50 },
      },
    ]);
    expect((await f.send('DescribePolicies', { PolicyTypes: ['StepScaling'] })).ScalingPolicies).toEqual([]);
    await f.send('DeletePolicy', { PolicyName: arn });
    await expect(f.send('DeletePolicy', { AutoScalingGroupName, PolicyName: 'out' })).rejects.toThrow(
      'No policy found',
    );
  });

  it('execute one on request, and say so in the causes', async () => {
    const { f, arn } = await withPolicy();
    await f.send('ExecutePolicy', { PolicyName: arn });
    await f.cloud.clock.advance(5_000);
    expect(f.inState('InService')).toHaveLength(6);
    expect((await f.causes())[0]).toContain(
      'a user request executed policy out changing the desired capacity from 4 to 6.',
    );
  });

  it('honor the cooldown when told to', async () => {
    const { f } = await withPolicy({ Cooldown: 60 });
    const execute = (HonorCooldown: boolean) =>
      f.send('ExecutePolicy', { AutoScalingGroupName, PolicyName: 'out', HonorCooldown });
    await execute(true);
    await expect(execute(true)).rejects.toMatchObject({ code: 'ScalingActivityInProgress' });
    await execute(false);
    await f.cloud.clock.advance(60_000);
    await execute(true);
    expect(f.record().desiredCapacity).toBe(10);
  });

  it('refuse to execute what only metrics move, and more than 50 in a group', async () => {
    const { f } = await withPolicy({
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingConfiguration: { TargetValue: 1 },
    });
    await expect(f.send('ExecutePolicy', { AutoScalingGroupName, PolicyName: 'out' })).rejects.toThrow(
      'cannot be executed',
    );
    const put = (n: number) =>
      f.send('PutScalingPolicy', {
        AutoScalingGroupName,
        PolicyName: `p${n}`,
        AdjustmentType: 'ExactCapacity',
        ScalingAdjustment: n,
      });
    for (let n = 1; n < 50; n++) await put(n);
    await expect(put(50)).rejects.toMatchObject({ code: 'LimitExceeded' });
    expect((await f.send('DescribeAdjustmentTypes', {})).AdjustmentTypes).toHaveLength(3);
  });
});
