import {
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  SetRulePrioritiesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, describe, expect, it } from 'vitest';
import { CloudError } from '../../src/wire/handler.ts';
import { plain, recording } from './support/record.ts';
import { startWire, type Tables, type TestWire } from './support/start-wire.ts';

let wire: TestWire;
afterEach(() => wire.close());

async function start(tables: Tables): Promise<TestWire> {
  wire = await startWire(tables);
  return wire;
}

describe('Elastic Load Balancing', () => {
  it('carries CreateTargetGroup', async () => {
    const answer = {
      TargetGroups: [{ TargetGroupArn: 'arn:tg/1', Port: 80, LoadBalancerArns: [], Matcher: { HttpCode: '200-299' } }],
    };
    const { seen, handler } = recording(answer);
    const { elb } = await start({ elasticloadbalancing: { CreateTargetGroup: handler } });
    const input = {
      Name: 'api',
      Protocol: 'HTTP' as const,
      Port: 8080,
      VpcId: 'vpc-1',
      HealthCheckEnabled: true,
      HealthCheckPath: '/health?deep=1&x=%20',
      Matcher: { HttpCode: '200' },
      Tags: [{ Key: 'a', Value: 'b' }],
    };
    expect(plain(await elb.send(new CreateTargetGroupCommand(input)))).toEqual(answer);
    expect(seen.input).toEqual(input);
  });

  it('carries DescribeTargetHealth and its errors', async () => {
    const health = {
      TargetHealthDescriptions: [
        {
          Target: { Id: 'i-1', Port: 80 },
          HealthCheckPort: '80',
          TargetHealth: { State: 'draining', Reason: 'Target.DeregistrationInProgress' },
        },
      ],
    };
    const DescribeTargetHealth = (input: { TargetGroupArn: string }) => {
      if (input.TargetGroupArn === 'arn:tg/1') return health;
      throw new CloudError('TargetGroupNotFound', 'One or more target groups not found');
    };
    const { elb } = await start({ elasticloadbalancing: { DescribeTargetHealth } });
    const known = elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: 'arn:tg/1', Targets: [{ Id: 'i-1' }] }));
    expect(plain(await known)).toEqual(health);
    const missing = elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: 'arn:tg/2' }));
    await expect(missing).rejects.toMatchObject({ name: 'TargetGroupNotFoundException', $fault: 'client' });
  });

  it('keeps the empty list that a client sends', async () => {
    const { seen, handler } = recording({ Rules: [] });
    const { elb } = await start({ elasticloadbalancing: { SetRulePriorities: handler } });
    expect(plain(await elb.send(new SetRulePrioritiesCommand({ RulePriorities: [] })))).toEqual({ Rules: [] });
    expect(seen.input).toEqual({ RulePriorities: [] });
  });
});
