import { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { addStacks } from '../../infra/app.ts';
import { checkFleet } from '../../infra/checks.ts';
import { awsFleet } from './support/synth.ts';

const vpcId = 'vpc-0aaaaaaaaaaaaaaaa';
const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/1';

describe('what AWS would refuse in the middle of a deploy', () => {
  it.each([
    ['subnets without their network', { instance: { subnetIds: ['subnet-0a'] } }, 'subnet-0a'],
    [
      'one subnet for the load balancer',
      { instance: { subnetIds: ['subnet-0a', 'subnet-0a'] }, infrastructure: { vpcId } },
      'has one subnet (subnet-0a, subnet-0a)',
    ],
    ['HTTPS on port 80', { balancer: { listenerPort: 80 }, infrastructure: { certificateArn } }, 'port 80'],
    [
      'a health check that waits as long as its interval',
      { balancer: { healthCheck: { intervalSeconds: 10, timeoutSeconds: 10 } } },
      'every 10 s and waits 10 s',
    ],
  ])('is refused before it: %s', (_what, settings, message) => {
    expect(() => checkFleet(awsFleet(settings))).toThrow(message);
  });

  it.each([
    ['nothing but the app', {}],
    ['HTTPS on port 443', { balancer: { listenerPort: 443 }, infrastructure: { certificateArn } }],
    ['two subnets', { instance: { subnetIds: ['subnet-0a', 'subnet-0b'] }, infrastructure: { vpcId } }],
  ])('infra checks accept %s', (_what, settings) => {
    expect(() => checkFleet(awsFleet(settings))).not.toThrow();
  });
});

it('no stack is created for fleets whose names collide', () => {
  const [one, other] = [awsFleet(), { ...awsFleet(), app: 'web' }];
  expect(() => addStacks(new App(), [one, other])).toThrow(expect.objectContaining({ code: 'config.names-collide' }));
});
