import { describe, expect, it } from 'vitest';
import { publishedLimits } from '../../src/faults/published-limits.ts';
import type { FaultRule } from '../../src/faults/rule.ts';
import { Throttle } from '../../src/faults/throttle.ts';

const rule = (more: Partial<FaultRule> = {}): FaultRule => ({
  kind: 'throttle',
  id: 'f-1',
  since: 0,
  hits: 0,
  ...more,
});

/** How many of `tries` calls at one time are let through. */
function burst(
  throttle: Throttle,
  by: FaultRule,
  service: string,
  operation: string,
  { tries = 2_000, now = 0, input = {}, region = 'eu-west-1' } = {},
): number {
  let let_ = 0;
  for (let i = 0; i < tries; i++) if (!throttle.take(by, { service, operation, region }, input, now)) let_++;
  return let_;
}

describe('the published limits', () => {
  const filtered = { InstanceIds: ['i-1'] };
  it.each<[string, string, object, number, number]>([
    ['ec2', 'DescribeImages', {}, 100, 20],
    ['ec2', 'DescribeInstances', filtered, 100, 20],
    ['ec2', 'DescribeInstances', {}, 50, 10],
    ['ec2', 'DescribeSnapshots', { Filters: [] }, 50, 10],
    ['ec2', 'CreateImage', {}, 50, 5],
    ['ec2', 'RunInstances', { MaxCount: 1 }, 5, 2],
    ['ec2', 'StartInstances', filtered, 5, 2],
    ['ec2', 'TerminateInstances', filtered, 100, 5],
    ['ec2', 'StopInstances', filtered, 50, 5],
    ['ec2', 'CreateLaunchTemplateVersion', {}, 100, 5],
    ['ec2', 'DeregisterImage', {}, 100, 5],
    ['ec2', 'CopyImage', {}, 100, 1],
    ['ec2', 'CreateTags', {}, 100, 10],
    ['elasticloadbalancing', 'DescribeTargetHealth', {}, 40, 10],
    ['elasticloadbalancing', 'RegisterTargets', {}, 20, 4],
    ['elasticloadbalancing', 'ModifyListener', {}, 20, 3],
    ['autoscaling', 'DescribeAutoScalingGroups', {}, 40, 10],
  ])('%s %s %j: %i at once, then %i a second', (service, operation, input, capacity, refill) => {
    const throttle = new Throttle();
    const one = rule();
    expect(burst(throttle, one, service, operation, { input })).toBe(capacity);
    expect(one.hits).toBe(2_000 - capacity);
    expect(burst(throttle, one, service, operation, { input, now: 999 })).toBe(Math.floor(refill * 0.999));
    expect(burst(throttle, one, service, operation, { input, now: 3_600_000 })).toBe(capacity);
  });

  it('count resources beside requests', () => {
    const throttle = new Throttle();
    const one = rule();
    const run = (MaxCount: number) =>
      throttle.take(one, { service: 'ec2', operation: 'RunInstances', region: 'eu-west-1' }, { MaxCount }, 0);
    expect(run(999)).toBeUndefined();
    expect(run(2)).toMatchObject({ code: 'RequestLimitExceeded', message: expect.stringContaining('resource') });
    expect(run(1)).toBeUndefined();
  });

  it('are shared by all operations in Auto Scaling and in ELBv2, but not in EC2, and never by regions', () => {
    const throttle = new Throttle();
    const one = rule();
    expect(burst(throttle, one, 'autoscaling', 'DescribePolicies')).toBe(40);
    expect(burst(throttle, one, 'autoscaling', 'SetDesiredCapacity')).toBe(0);
    expect(burst(throttle, one, 'autoscaling', 'SetDesiredCapacity', { region: 'us-east-1' })).toBe(40);
    expect(burst(throttle, one, 'elasticloadbalancing', 'RegisterTargets')).toBe(20);
    expect(burst(throttle, one, 'elasticloadbalancing', 'DescribeRules')).toBe(20);
    expect(burst(throttle, one, 'ec2', 'DescribeImages')).toBe(100);
    expect(burst(throttle, one, 'ec2', 'DescribeKeyPairs')).toBe(100);
  });

  it('are none for S3 and STS', () => {
    for (const service of ['s3', 'sts'])
      expect(publishedLimits({ service, operation: 'x', region: 'y' }, {})).toEqual([]);
  });
});

it("answers in each service's own words", () => {
  const refusal = (service: string) => {
    const throttle = new Throttle();
    const one = rule({ capacity: 1, refill: 1 });
    const take = () => throttle.take(one, { service, operation: 'x', region: 'y' }, {}, 0);
    take();
    return take();
  };
  expect(refusal('ec2')).toMatchObject({ code: 'RequestLimitExceeded', status: 503 });
  expect(refusal('autoscaling')).toMatchObject({ code: 'Throttling', status: 400 });
  expect(refusal('elasticloadbalancing')).toMatchObject({ code: 'Throttling', status: 400 });
  expect(refusal('s3')).toMatchObject({ code: 'SlowDown', status: 503 });
});

it('has one bucket for all that fits a rule with its own limit, and goes on when time stands or runs back', () => {
  const throttle = new Throttle();
  const one = rule({ capacity: 3, refill: 0.5 });
  expect(burst(throttle, one, 'ec2', 'DescribeImages', { tries: 2, now: 5_000 })).toBe(2);
  expect(burst(throttle, one, 'autoscaling', 'DescribePolicies', { now: 4_000 })).toBe(1);
  expect(burst(throttle, one, 'ec2', 'DescribeImages', { now: 6_000 })).toBe(1);
  const other = rule({ id: 'f-2', capacity: 3, refill: 0.5 });
  expect(burst(throttle, other, 'ec2', 'DescribeImages', { now: 6_000 })).toBe(3);
});
