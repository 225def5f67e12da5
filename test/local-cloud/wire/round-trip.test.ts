import {
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateVersionCommand,
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeRegionsCommand,
  paginateDescribeInstances,
  RebootInstancesCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  SetRulePrioritiesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, describe, expect, it } from 'vitest';
import { type CallContext, CloudError, type HandlerTable } from '../../../src/local-cloud/wire/handler.ts';
import { startWire, type Tables, type TestWire } from './support/start-wire.ts';

let wire: TestWire;
afterEach(() => wire.close());

/** A handler that keeps what it got and answers what the test says. */
function recording(answer: unknown) {
  const seen: { input?: unknown; call?: CallContext } = {};
  const handler = (input: unknown, call: CallContext) => {
    Object.assign(seen, { input, call });
    return answer;
  };
  return { seen, handler };
}

async function start(tables: Tables) {
  wire = await startWire(tables);
  return wire;
}

/** The SDK's answer without what it adds itself. */
function plain(answer: object): object {
  const { $metadata, ...rest } = answer as { $metadata?: unknown };
  return rest;
}

describe('EC2', () => {
  it('carries RunInstances both ways', async () => {
    const reservation = {
      ReservationId: 'r-1',
      OwnerId: '000000000000',
      Groups: [],
      Instances: [
        {
          InstanceId: 'i-1',
          ImageId: 'ami-1',
          State: { Code: 0, Name: 'pending' },
          LaunchTime: new Date('2026-01-02T03:04:05.678Z'),
          SecurityGroups: [{ GroupId: 'sg-1', GroupName: 'a <b> & "c"' }],
          Tags: [{ Key: 'Name', Value: 'zwölf\r\n\t😀' }],
          EbsOptimized: false,
          Placement: { AvailabilityZone: 'eu-west-1a' },
        },
      ],
    };
    const { seen, handler } = recording(reservation);
    const { ec2 } = await start({ ec2: { RunInstances: handler } });
    const input = {
      MinCount: 1,
      MaxCount: 2,
      ImageId: 'ami-1',
      UserData: 'IyEvYmluL3NoCg==',
      ClientToken: 'token-1',
      SecurityGroupIds: ['sg-1', 'sg-2'],
      DisableApiTermination: false,
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20, DeleteOnTermination: true } }],
      LaunchTemplate: { LaunchTemplateName: 'lt & co', Version: '3' },
      TagSpecifications: [
        { ResourceType: 'instance' as const, Tags: [{ Key: 'a=b', Value: 'ü+%26 .' }] },
        { ResourceType: 'volume' as const, Tags: [{ Key: 'x', Value: 'y' }] },
      ],
    };
    const answer = await ec2.send(new RunInstancesCommand(input));
    expect(seen.input).toEqual(input);
    expect(plain(answer)).toEqual(reservation);
    expect(seen.call).toMatchObject({
      service: 'ec2',
      operation: 'RunInstances',
      region: 'eu-west-1',
      accessKeyId: 'AKIATEST',
    });
    expect(answer.$metadata.requestId).toBe(seen.call?.requestId);
  });

  it('gives filters and ids of DescribeInstances, and an empty list back as a list', async () => {
    const { seen, handler } = recording({ Reservations: [] });
    const { ec2 } = await start({ ec2: { DescribeInstances: handler } });
    const input = {
      InstanceIds: ['i-1', 'i-2'],
      Filters: [
        { Name: 'tag:App', Values: ['api', ''] },
        { Name: 'instance-state-name', Values: ['running'] },
      ],
      MaxResults: 5,
    };
    expect(plain(await ec2.send(new DescribeInstancesCommand(input)))).toEqual({ Reservations: [] });
    expect(seen.input).toEqual(input);
  });

  it('passes page tokens through', async () => {
    const pages: Record<string, object> = {
      '': { Reservations: [{ ReservationId: 'r-1' }], NextToken: 'two+/=' },
      'two+/=': { Reservations: [{ ReservationId: 'r-2' }] },
    };
    const DescribeInstances = (input: { NextToken?: string }) => pages[input.NextToken ?? ''];
    const { ec2 } = await start({ ec2: { DescribeInstances } });
    const ids: (string | undefined)[] = [];
    for await (const page of paginateDescribeInstances({ client: ec2 }, {})) {
      ids.push(...(page.Reservations ?? []).map(({ ReservationId }) => ReservationId));
    }
    expect(ids).toEqual(['r-1', 'r-2']);
  });

  it('carries DescribeImages with its block devices', async () => {
    const images = {
      Images: [
        {
          ImageId: 'ami-1',
          Name: 'api-v1',
          State: 'available',
          Public: false,
          CreationDate: '2026-01-01T00:00:00.000Z',
          BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-1', VolumeSize: 8 } }],
          Tags: [{ Key: 'empty', Value: '' }],
        },
      ],
    };
    const { seen, handler } = recording(images);
    const { ec2 } = await start({ ec2: { DescribeImages: handler } });
    expect(plain(await ec2.send(new DescribeImagesCommand({ Owners: ['self'] })))).toEqual(images);
    expect(seen.input).toEqual({ Owners: ['self'] });
  });

  it('carries the data of a launch template version', async () => {
    const version = {
      LaunchTemplateVersion: {
        LaunchTemplateId: 'lt-1',
        VersionNumber: 2,
        DefaultVersion: false,
        CreateTime: new Date('2026-01-01T00:00:00Z'),
        LaunchTemplateData: { ImageId: 'ami-2', SecurityGroupIds: ['sg-1'] },
      },
    };
    const { seen, handler } = recording(version);
    const { ec2 } = await start({ ec2: { CreateLaunchTemplateVersion: handler } });
    const input = {
      ClientToken: 'v2',
      LaunchTemplateId: 'lt-1',
      SourceVersion: '1',
      LaunchTemplateData: {
        ImageId: 'ami-2',
        InstanceType: 't3.small' as const,
        NetworkInterfaces: [{ DeviceIndex: 0, Groups: ['sg-1'] }],
        TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'a', Value: 'b' }] }],
      },
    };
    expect(plain(await ec2.send(new CreateLaunchTemplateVersionCommand(input)))).toEqual(version);
    expect(seen.input).toEqual(input);
  });

  it('takes an empty value for an absent one', async () => {
    const { seen, handler } = recording({});
    const { ec2 } = await start({ ec2: { RunInstances: handler } });
    await ec2.send(new RunInstancesCommand({ MinCount: 1, MaxCount: 1, ClientToken: 't', UserData: '', SubnetId: '' }));
    expect(seen.input).toEqual({ MinCount: 1, MaxCount: 1, ClientToken: 't' });
  });

  it('answers operations without output with return true', async () => {
    const { ec2, calls } = await start({ ec2: { RebootInstances: () => undefined, CreateTags: () => ({}) } });
    await ec2.send(new RebootInstancesCommand({ InstanceIds: ['i-1'] }));
    await ec2.send(new CreateTagsCommand({ Resources: ['i-1'], Tags: [{ Key: 'a', Value: 'b' }] }));
    expect(calls.map(({ operation, status }) => [operation, status])).toEqual([
      ['RebootInstances', 200],
      ['CreateTags', 200],
    ]);
  });

  it('gives refusals as the typed errors of the client', async () => {
    const refuse = () => {
      throw new CloudError('InvalidAMIID.NotFound', "The image id '[ami-<1>]' does not exist");
    };
    const { ec2, calls } = await start({ ec2: { DescribeImages: refuse } });
    const error = await ec2.send(new DescribeImagesCommand({})).catch((e: unknown) => e);
    expect(error).toMatchObject({
      name: 'InvalidAMIID.NotFound',
      message: "The image id '[ami-<1>]' does not exist",
      $metadata: { httpStatusCode: 400, requestId: calls[0]?.requestId },
    });
    expect(calls[0]).toMatchObject({ code: 'InvalidAMIID.NotFound', status: 400 });
  });

  it('answers a dry run before the handler', async () => {
    const { seen, handler } = recording({});
    const { ec2 } = await start({ ec2: { RebootInstances: handler } });
    const call = ec2.send(new RebootInstancesCommand({ InstanceIds: ['i-1'], DryRun: true }));
    await expect(call).rejects.toMatchObject({ name: 'DryRunOperation', $metadata: { httpStatusCode: 412 } });
    expect(seen.input).toBeUndefined();
  });

  it('refuses an action that no table holds', async () => {
    const { ec2 } = await start({});
    await expect(ec2.send(new DescribeRegionsCommand({}))).rejects.toMatchObject({
      name: 'InvalidAction',
      $metadata: { httpStatusCode: 400 },
    });
  });
});

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
