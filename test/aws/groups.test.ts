import {
  AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  enterStandby,
  exitStandby,
  readGroup,
  readGroups,
  replaceInstance,
  setCapacity,
  setTemplate,
} from '../../src/aws/groups.ts';
import { refusal } from './support/refusal.ts';

const client = new AutoScalingClient({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const mock = mockClient(client);
const group = (AutoScalingGroupName: string, more: Partial<AutoScalingGroup> = {}) =>
  ({ AutoScalingGroupName, MinSize: 1, MaxSize: 9, DesiredCapacity: 2, ...more }) as AutoScalingGroup;

beforeEach(() => mock.reset());

describe('reading groups', () => {
  it('returns capacity, template, members with their state and template version, and suspended processes', async () => {
    mock.on(DescribeAutoScalingGroupsCommand).resolves({
      AutoScalingGroups: [
        group('api', {
          LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '7' },
          TargetGroupARNs: ['arn:tg'],
          SuspendedProcesses: [
            { ProcessName: 'AZRebalance', SuspensionReason: 'User suspended at 2026-01-31T09:00:00Z' },
            {},
          ],
          Instances: [
            {
              InstanceId: 'i-1',
              AvailabilityZone: 'eu-west-1a',
              LifecycleState: 'Standby',
              HealthStatus: 'Healthy',
              ProtectedFromScaleIn: false,
              LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '6' },
            },
          ],
        }),
      ],
    });
    expect(await readGroup(client, 'api')).toMatchObject({
      name: 'api',
      min: 1,
      max: 9,
      desired: 2,
      launchTemplate: { id: 'lt-1', version: '7' },
      targetGroupArns: ['arn:tg'],
      suspended: ['AZRebalance'],
      suspensionReasons: { AZRebalance: 'User suspended at 2026-01-31T09:00:00Z' },
      instances: [{ id: 'i-1', lifecycle: 'Standby', health: 'Healthy', templateVersion: '6' }],
    });
  });

  it('treats a group that names no template version as following the default', async () => {
    mock.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [group('api')] });
    expect(await readGroup(client, 'api')).toMatchObject({ launchTemplate: { version: '$Default' }, instances: [] });
  });

  it('returns groups in the order of the requested names, with one call', async () => {
    mock.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [group('green'), group('blue')] });
    expect((await readGroups(client, ['blue', 'green'])).map((one) => one.name)).toEqual(['blue', 'green']);
    expect(mock.commandCalls(DescribeAutoScalingGroupsCommand)).toHaveLength(1);
  });

  it('names the missing group, and the command that creates it', async () => {
    mock.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [group('blue')] });
    await expect(readGroups(client, ['blue', 'green'])).rejects.toMatchObject({
      code: 'group.missing',
      message: 'there is no Auto Scaling group green',
      fix: expect.stringContaining('pipeline local up'),
    });
  });

  it('never treats a throttled reading as a missing group', async () => {
    mock.on(DescribeAutoScalingGroupsCommand).rejects(refusal('Throttling'));
    await expect(readGroup(client, 'api')).rejects.toMatchObject({ name: 'Throttling' });
  });
});

describe('changing groups', () => {
  it('Standby lowers the desired capacity, so that the group does not launch an instance of the old version', async () => {
    mock.on(EnterStandbyCommand).resolves({});
    mock.on(ExitStandbyCommand).resolves({});
    await enterStandby(client, 'api', ['i-1']);
    await exitStandby(client, 'api', ['i-1']);
    expect(mock.commandCalls(EnterStandbyCommand)[0]?.args[0].input).toEqual({
      AutoScalingGroupName: 'api',
      InstanceIds: ['i-1'],
      ShouldDecrementDesiredCapacity: true,
    });
    expect(mock.commandCalls(ExitStandbyCommand)[0]?.args[0].input).toEqual({
      AutoScalingGroupName: 'api',
      InstanceIds: ['i-1'],
    });
  });

  it('terminating an instance keeps the desired capacity, so that the group launches another', async () => {
    mock.on(TerminateInstanceInAutoScalingGroupCommand).resolves({});
    await replaceInstance(client, 'api', 'i-1');
    expect(mock.commandCalls(TerminateInstanceInAutoScalingGroupCommand)[0]?.args[0].input).toEqual({
      InstanceId: 'i-1',
      ShouldDecrementDesiredCapacity: false,
    });
  });

  it('omits what must not change: capacity with a new minimum, and minimum and capacity with a new template', async () => {
    mock.on(UpdateAutoScalingGroupCommand).resolves({});
    await setCapacity(client, 'api', { min: 0 });
    await setTemplate(client, 'api', { id: 'lt-1', version: '7' });
    const sent = mock
      .commandCalls(UpdateAutoScalingGroupCommand)
      .map((call) => JSON.parse(JSON.stringify(call.args[0].input)));
    expect(sent).toEqual([
      { AutoScalingGroupName: 'api', MinSize: 0 },
      { AutoScalingGroupName: 'api', LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '7' } },
    ]);
  });

  it.each([
    ['EnterStandby', () => mock.on(EnterStandbyCommand), () => enterStandby(client, 'api', ['i-1'])],
    ['ExitStandby', () => mock.on(ExitStandbyCommand), () => exitStandby(client, 'api', ['i-1'])],
    ['Update', () => mock.on(UpdateAutoScalingGroupCommand), () => setCapacity(client, 'api', { desired: 3 })],
    [
      'Terminate',
      () => mock.on(TerminateInstanceInAutoScalingGroupCommand),
      () => replaceInstance(client, 'api', 'i-1'),
    ],
  ])('passes a refusal on and does not retry: %s', async (_name, on, change) => {
    on().rejects(refusal('ScalingActivityInProgress'));
    await expect(change()).rejects.toMatchObject({ name: 'ScalingActivityInProgress' });
    expect(mock.calls()).toHaveLength(1);
  });

  it('an instance that has left its group needs no replacement, but another refusal is reported', async () => {
    const validation = (message: string) => Object.assign(new Error(message), { name: 'ValidationError' });
    const asked = mock.on(TerminateInstanceInAutoScalingGroupCommand);
    asked.rejects(validation('Instance Id not found - No managed instance found for instance ID: i-1'));
    await expect(replaceInstance(client, 'api', 'i-1')).resolves.toBeUndefined();
    asked.rejects(validation('Instance i-1 is already terminating.'));
    await expect(replaceInstance(client, 'api', 'i-1')).rejects.toThrow('already terminating');
  });
});
