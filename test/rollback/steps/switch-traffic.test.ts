import { DescribeRulesCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, expect, it } from 'vitest';
import type { Services } from '../../../src/fleet/services.ts';
import type { SwitchState } from '../../../src/rollback/state.ts';
import { transferSettings } from '../../../src/rollback/steps/switch-traffic.ts';
import { journaledContext } from '../../fleet/support/journaled-context.ts';

const mock = mockClient(ElasticLoadBalancingV2Client);
afterAll(() => mock.restore());

it('a rollback whose traffic somebody has given to the other group records nothing and changes neither group', async () => {
  const blue = { group: 'blue', targetGroupArn: 'arn:targetgroup/blue/1' };
  const green = { group: 'green', targetGroupArn: 'arn:targetgroup/green/1' };
  const TargetGroups = [{ TargetGroupArn: green.targetGroupArn, Weight: 100 }];
  mock.on(DescribeRulesCommand).resolves({
    Rules: [{ IsDefault: true, Actions: [{ Type: 'forward', ForwardConfig: { TargetGroups } }] }],
  });
  const services = {
    fleet: { cloud: 'aws', region: 'eu-west-1', app: 'api', balancer: { validationHeader: 'x-check' } },
    aws: { elb: new ElasticLoadBalancingV2Client({ region: 'eu-west-1' }) },
  } as unknown as Services;
  const state = { ...blue, idle: green, listenerArn: 'listener/1', version: 'v1', rolledBackFrom: ['v2'] };
  const { context, made } = journaledContext<SwitchState>(state, services, []);
  await expect(transferSettings.complete?.(context)).rejects.toMatchObject({ code: 'listener.weights-changed' });
  expect(made).toEqual([]);
});
