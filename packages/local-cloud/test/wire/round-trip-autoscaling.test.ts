import {
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterEach, describe, expect, it } from 'vitest';
import { CloudError, type HandlerTable } from '../../src/wire/handler.ts';
import { plain, recording } from './support/record.ts';
import { startWire, type Tables, type TestWire } from './support/start-wire.ts';

let wire: TestWire;
afterEach(() => wire.close());

async function start(tables: Tables): Promise<TestWire> {
  wire = await startWire(tables);
  return wire;
}

describe('Auto Scaling', () => {
  it('carries CreateAutoScalingGroup', async () => {
    const { seen, handler } = recording(undefined);
    const { autoscaling } = await start({ autoscaling: { CreateAutoScalingGroup: handler } });
    const input = {
      AutoScalingGroupName: 'api',
      MinSize: 0,
      MaxSize: 4,
      LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '1' },
      AvailabilityZones: ['eu-west-1a', 'eu-west-1b'],
      TargetGroupARNs: [],
      NewInstancesProtectedFromScaleIn: false,
      Tags: [{ Key: 'App', Value: 'api', PropagateAtLaunch: true }],
      InstanceMaintenancePolicy: { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 },
    };
    await autoscaling.send(new CreateAutoScalingGroupCommand(input));
    expect(seen.input).toEqual(input);
  });

  it('carries DescribeAutoScalingGroups', async () => {
    const groups = {
      AutoScalingGroups: [
        {
          AutoScalingGroupName: 'api',
          MinSize: 1,
          MaxSize: 4,
          DesiredCapacity: 2,
          DefaultCooldown: 300,
          AvailabilityZones: ['eu-west-1a'],
          HealthCheckType: 'ELB',
          CreatedTime: new Date('2026-01-01T00:00:00.001Z'),
          SuspendedProcesses: [],
          Instances: [
            {
              InstanceId: 'i-1',
              AvailabilityZone: 'eu-west-1a',
              LifecycleState: 'InService',
              HealthStatus: 'Healthy',
              ProtectedFromScaleIn: false,
            },
          ],
        },
      ],
      NextToken: 'more',
    };
    const { seen, handler } = recording(groups);
    const { autoscaling } = await start({ autoscaling: { DescribeAutoScalingGroups: handler } });
    const input = { AutoScalingGroupNames: ['api'], IncludeInstances: false };
    expect(plain(await autoscaling.send(new DescribeAutoScalingGroupsCommand(input)))).toEqual(groups);
    expect(seen.input).toEqual(input);
  });

  it('carries StartInstanceRefresh with its preferences', async () => {
    const { seen, handler } = recording({ InstanceRefreshId: 'refresh-1' });
    const { autoscaling } = await start({ autoscaling: { StartInstanceRefresh: handler } });
    const input = {
      AutoScalingGroupName: 'api',
      Strategy: 'Rolling' as const,
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '7' } },
      Preferences: {
        MinHealthyPercentage: 100,
        MaxHealthyPercentage: 150,
        InstanceWarmup: 0,
        CheckpointPercentages: [20, 100],
        CheckpointDelay: 0,
        SkipMatching: true,
        AutoRollback: true,
        StandbyInstances: 'Ignore' as const,
        BakeTime: 0,
        AlarmSpecification: { Alarms: ['5xx'] },
      },
    };
    const answer = await autoscaling.send(new StartInstanceRefreshCommand(input));
    expect(answer.InstanceRefreshId).toBe('refresh-1');
    expect(seen.input).toEqual(input);
  });

  it('gives refusals as the typed errors of the client', async () => {
    const table: HandlerTable = {
      StartInstanceRefresh: () => {
        throw new CloudError('InstanceRefreshInProgress', 'An Instance Refresh is already in progress');
      },
      SetDesiredCapacity: () => {
        throw new CloudError('ScalingActivityInProgress', 'busy');
      },
    };
    const { autoscaling } = await start({ autoscaling: table });
    const refresh = autoscaling.send(new StartInstanceRefreshCommand({ AutoScalingGroupName: 'api' }));
    await expect(refresh).rejects.toMatchObject({
      name: 'InstanceRefreshInProgressFault',
      message: 'An Instance Refresh is already in progress',
      $fault: 'client',
    });
    const capacity = autoscaling.send(
      new SetDesiredCapacityCommand({ AutoScalingGroupName: 'api', DesiredCapacity: 1 }),
    );
    await expect(capacity).rejects.toMatchObject({ name: 'ScalingActivityInProgressFault' });
  });
});
