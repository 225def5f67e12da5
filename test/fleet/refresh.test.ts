import {
  AutoScalingClient,
  CancelInstanceRefreshCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  RollbackInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { DescribeImagesCommand, EC2Client, type ImageState } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { refreshBack } from '../../src/fleet/refresh.ts';
import type { Services } from '../../src/fleet/services.ts';
import { journaledContext } from './support/journaled-context.ts';

const autoScaling = mockClient(AutoScalingClient);
const ec2 = mockClient(EC2Client);
afterAll(() => {
  autoScaling.restore();
  ec2.restore();
});

/** A group whose refresh, of the run, is active until it is stopped; all instances are on the template version of before. */
beforeEach(() => {
  autoScaling.reset();
  ec2.reset();
  let Status = 'InProgress';
  autoScaling.on(DescribeInstanceRefreshesCommand).callsFake(() => ({
    InstanceRefreshes: [{ InstanceRefreshId: 'refresh-1', Status }],
  }));
  autoScaling.on(RollbackInstanceRefreshCommand).callsFake(() => {
    Status = 'RollbackSuccessful';
    return { InstanceRefreshId: 'refresh-1' };
  });
  autoScaling.on(CancelInstanceRefreshCommand).callsFake(() => {
    Status = 'Cancelled';
    return { InstanceRefreshId: 'refresh-1' };
  });
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({
    AutoScalingGroups: [
      {
        AutoScalingGroupName: 'api',
        MinSize: 1,
        MaxSize: 4,
        DesiredCapacity: 1,
        DefaultCooldown: 300,
        AvailabilityZones: [],
        HealthCheckType: 'ELB',
        CreatedTime: new Date(0),
        LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '1' },
        Instances: [],
      },
    ],
  });
});

function goBack(): Promise<boolean> {
  const region = 'eu-west-1';
  const services = {
    fleet: { cloud: 'aws', region, app: 'api', release: { pollSeconds: 5, timeouts: { refresh: 300 } } },
    aws: { autoScaling: new AutoScalingClient({ region }), ec2: new EC2Client({ region }) },
  } as unknown as Services;
  const current = { templateId: 'lt-1', templateVersion: '1', imageId: 'ami-1', version: 'v1' };
  const state = { group: 'api', targetGroupArn: 'arn', version: 'v2', templateVersion: '2', refreshId: 'refresh-1' };
  return refreshBack(journaledContext({ ...state, current }, services, []).context);
}

const sent = () => [
  autoScaling.commandCalls(RollbackInstanceRefreshCommand).length,
  autoScaling.commandCalls(CancelInstanceRefreshCommand).length,
];

it('a refresh is rolled back although the image of before cannot be read', async () => {
  ec2.on(DescribeImagesCommand).rejects(new Error('RequestLimitExceeded'));
  await expect(goBack()).resolves.toBe(true);
  expect(sent()).toEqual([1, 0]);
});

it.each<[ImageState, number[]]>([
  ['available', [1, 0]],
  ['pending', [1, 0]],
  ['transient', [1, 0]],
  ['disabled', [0, 1]],
  ['failed', [0, 1]],
  ['deregistered', [0, 1]],
])('a refresh whose image of before is %s is rolled back or canceled', async (State, calls) => {
  ec2.on(DescribeImagesCommand).resolves({ Images: [{ ImageId: 'ami-1', Name: 'api-v1', State }] });
  await expect(goBack()).resolves.toBe(true);
  expect(sent()).toEqual(calls);
});
