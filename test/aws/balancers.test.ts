import {
  DeregisterTargetsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { deregisterTarget, findTargetGroup, readTargets, registerTarget } from '../../src/aws/balancers.ts';
import { refusal } from './support/refusal.ts';

const elb = new ElasticLoadBalancingV2Client({
  region: 'eu-west-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});
const mock = mockClient(elb);

beforeEach(() => mock.reset());

describe('findTargetGroup', () => {
  it('returns the ARN of the target group with that name', async () => {
    mock
      .on(DescribeTargetGroupsCommand, { Names: ['api'] })
      .resolves({ TargetGroups: [{ TargetGroupArn: 'arn:api' }] });
    expect(await findTargetGroup(elb, 'api')).toBe('arn:api');
  });

  it('names the missing target group, whichever error the load balancer returns', async () => {
    mock
      .on(DescribeTargetGroupsCommand)
      .rejectsOnce(refusal('TargetGroupNotFoundException'))
      .resolves({ TargetGroups: [] });
    const missing = { code: 'target-group.missing', message: 'there is no target group api' };
    await expect(findTargetGroup(elb, 'api')).rejects.toMatchObject(missing);
    await expect(findTargetGroup(elb, 'api')).rejects.toMatchObject(missing);
  });

  it.each(['Throttling', 'AccessDenied', 'TimeoutError'])(
    'does not treat %s as a missing target group',
    async (name) => {
      mock.on(DescribeTargetGroupsCommand).rejects(refusal(name));
      await expect(findTargetGroup(elb, 'api')).rejects.toMatchObject({ name });
    },
  );
});

describe('readTargets', () => {
  it('returns each state with the best available reason', async () => {
    mock.on(DescribeTargetHealthCommand).resolves({
      TargetHealthDescriptions: [
        { Target: { Id: 'i-1' }, TargetHealth: { State: 'healthy' } },
        {
          Target: { Id: 'i-2' },
          TargetHealth: {
            State: 'unhealthy',
            Reason: 'Target.ResponseCodeMismatch',
            Description: 'Health checks failed with these codes: [503]',
          },
        },
        { Target: { Id: 'i-3' }, TargetHealth: { State: 'initial', Reason: 'Elb.RegistrationInProgress' } },
        { Target: { Id: 'i-4' } },
      ],
    });
    expect(await readTargets(elb, 'arn:api')).toEqual([
      { id: 'i-1', state: 'healthy', reason: undefined },
      { id: 'i-2', state: 'unhealthy', reason: 'Health checks failed with these codes: [503]' },
      { id: 'i-3', state: 'initial', reason: 'Elb.RegistrationInProgress' },
      { id: 'i-4', state: 'unknown', reason: undefined },
    ]);
  });

  it('never treats a failed reading as a group without targets', async () => {
    mock.on(DescribeTargetHealthCommand).rejects(refusal('TargetGroupNotFoundException'));
    await expect(readTargets(elb, 'arn:api')).rejects.toMatchObject({ name: 'TargetGroupNotFoundException' });
    mock.on(DescribeTargetHealthCommand).resolves({});
    expect(await readTargets(elb, 'arn:api')).toEqual([]);
  });
});

describe('registering targets', () => {
  it('names one target of one group, and passes refusals on', async () => {
    mock.on(RegisterTargetsCommand).resolves({});
    mock.on(DeregisterTargetsCommand).rejects(refusal('InvalidTargetException'));
    await registerTarget(elb, 'arn:api', 'i-1');
    await expect(deregisterTarget(elb, 'arn:api', 'i-1')).rejects.toMatchObject({ name: 'InvalidTargetException' });
    const one = { TargetGroupArn: 'arn:api', Targets: [{ Id: 'i-1' }] };
    expect(mock.calls().map((call) => call.args[0].input)).toEqual([one, one]);
  });
});
