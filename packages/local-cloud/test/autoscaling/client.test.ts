import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribeLifecycleHooksCommand,
  DescribePoliciesCommand,
  DescribeScheduledActionsCommand,
  DescribeWarmPoolCommand,
  LaunchInstancesCommand,
  PutLifecycleHookCommand,
  PutScalingPolicyCommand,
  PutScheduledUpdateGroupActionCommand,
  PutWarmPoolCommand,
  SetDesiredCapacityCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateCommand, CreateLaunchTemplateVersionCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { until as waitUntil } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../src/daemon/cloud.ts';
import { account } from '../../src/settings.ts';

const AutoScalingGroupName = 'api';
const clock = new ManualClock();
const reports: unknown[] = [];
let dir: string;
let cloud: LocalCloud;
let asg: AutoScalingClient;

async function start(): Promise<void> {
  cloud = await startLocalCloud({ dir, driver: 'simulated', clock, report: (error) => reports.push(error) });
  const { endpoint, region, credentials } = cloud;
  asg = new AutoScalingClient({ endpoint, region, credentials, maxAttempts: 1 });
}

async function end(): Promise<void> {
  asg.destroy();
  await cloud.close();
}

/** The daemon is down for `downMs` of its clock. */
async function restart(downMs: number): Promise<void> {
  await end();
  await clock.advance(downMs);
  await start();
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gp-asg-'));
  await start();
  const { endpoint, region, credentials } = cloud;
  const ec2 = new EC2Client({ endpoint, region, credentials, maxAttempts: 1 });
  const LaunchTemplateData = { ImageId: account.baseImageId, InstanceType: 't3.micro' as const };
  await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: 'api', LaunchTemplateData }));
  await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateName: 'api', LaunchTemplateData }));
  ec2.destroy();
  await asg.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName,
      LaunchTemplate: { LaunchTemplateName: 'api', Version: '1' },
      MinSize: 0,
      MaxSize: 6,
      DesiredCapacity: 2,
      VPCZoneIdentifier: Object.values(account.subnets).join(','),
    }),
  );
});

afterEach(async () => {
  await end();
  await rm(dir, { recursive: true, force: true });
  expect(reports).toEqual([]);
});

const group = async () => (await asg.send(new DescribeAutoScalingGroupsCommand({}))).AutoScalingGroups?.[0];
const serving = async () => (await group())?.Instances?.filter((i) => i.LifecycleState === 'InService') ?? [];
const pool = async () => (await asg.send(new DescribeWarmPoolCommand({ AutoScalingGroupName }))).Instances ?? [];
const refresh = async () =>
  (await asg.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName }))).InstanceRefreshes?.[0];

/** Moves the clock until what is read fits. */
const until = <T>(read: () => Promise<T>, fits: (value: T) => boolean) =>
  waitUntil(read, fits, { pause: () => clock.advance(250) });

test('a warm pool of stopped machines is filled, used, and outlives the daemon', async () => {
  await asg.send(new PutWarmPoolCommand({ AutoScalingGroupName, MaxGroupPreparedCapacity: 4 }));
  const warm = await until(pool, (all) => all.length === 2 && all.every((i) => i.LifecycleState === 'Warmed:Stopped'));
  await restart(60_000);
  expect((await pool()).map((i) => i.LifecycleState)).toEqual(['Warmed:Stopped', 'Warmed:Stopped']);
  await asg.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: 4 }));
  const all = await until(serving, (list) => list.length === 4);
  expect(all.map((i) => i.InstanceId)).toEqual(expect.arrayContaining(warm.map((i) => i.InstanceId)));
});

test('what is scheduled runs, also when the daemon was down at the time', async () => {
  const action = (ScheduledActionName: string, more: object) =>
    asg.send(new PutScheduledUpdateGroupActionCommand({ AutoScalingGroupName, ScheduledActionName, ...more }));
  await action('soon', { StartTime: new Date(clock.now() + 60_000), DesiredCapacity: 3 });
  await clock.advance(60_000);
  await until(serving, (list) => list.length === 3);
  await action('event', { StartTime: new Date(clock.now() + 3_600_000), DesiredCapacity: 5 });
  await action('nightly', { Recurrence: '0 22 * * *', TimeZone: 'Europe/Berlin', DesiredCapacity: 1 });
  await restart(2 * 3_600_000);
  await until(serving, (list) => list.length === 5);
  const left = await asg.send(new DescribeScheduledActionsCommand({ AutoScalingGroupName }));
  expect(left.ScheduledUpdateGroupActions).toMatchObject([
    { ScheduledActionName: 'nightly', Recurrence: '0 22 * * *', TimeZone: 'Europe/Berlin', DesiredCapacity: 1 },
  ]);
});

test('a refresh goes on at its checkpoint after the daemon was down', async () => {
  await until(serving, (list) => list.length === 2);
  await asg.send(
    new StartInstanceRefreshCommand({
      AutoScalingGroupName,
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateName: 'api', Version: '2' } },
      Preferences: { MinHealthyPercentage: 50, CheckpointPercentages: [50, 100] },
    }),
  );
  await until(refresh, (one) => one?.StatusReason?.startsWith('Checkpoint reached') ?? false);
  await restart(1_800_000);
  expect(await refresh()).toMatchObject({ Status: 'InProgress', PercentageComplete: 50 });
  await clock.advance(1_800_000);
  await until(refresh, (one) => one?.Status === 'Successful');
  expect((await serving()).map((i) => i.LaunchTemplate?.Version)).toEqual(['2', '2']);
});

test('hooks hold instances over a restart, and LaunchInstances answers at once', async () => {
  await until(serving, (list) => list.length === 2);
  const hook = { AutoScalingGroupName, LifecycleHookName: 'in' };
  await asg.send(new PutLifecycleHookCommand({ ...hook, LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' }));
  const { Instances } = await asg.send(
    new LaunchInstancesCommand({
      AutoScalingGroupName,
      RequestedCapacity: 1,
      AvailabilityZones: ['eu-west-1b'],
      ClientToken: 't',
    }),
  );
  const InstanceId = Instances?.[0]?.InstanceIds?.[0];
  await until(group, (one) => one?.Instances?.some((i) => i.LifecycleState === 'Pending:Wait') ?? false);
  await restart(60_000);
  await asg.send(new CompleteLifecycleActionCommand({ ...hook, InstanceId, LifecycleActionResult: 'CONTINUE' }));
  await until(serving, (list) => list.some((i) => i.InstanceId === InstanceId));
});

test('the state file of a cloud without any of this is read', async () => {
  await until(serving, (list) => list.length === 2);
  await end();
  const file = join(dir, 'state.json');
  const document = JSON.parse(await readFile(file, 'utf8'));
  const known =
    `name createdAt launchTemplate minSize maxSize desiredCapacity healthCheckType healthCheckGracePeriodSeconds
    defaultCooldownSeconds availabilityZones subnetIds targetGroupArns instances suspendedProcesses newInstancesProtected
    terminationPolicies tags`.split(/\s+/);
  const { api } = document.state.groups;
  document.state.groups.api = Object.fromEntries(known.map((key) => [key, api[key]]));
  await writeFile(file, JSON.stringify(document));
  await start();
  await until(serving, (list) => list.length === 2);
  expect((await asg.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName }))).LifecycleHooks).toEqual([]);
  expect((await asg.send(new DescribePoliciesCommand({ AutoScalingGroupName }))).ScalingPolicies).toEqual([]);
  expect((await asg.send(new DescribeScheduledActionsCommand({}))).ScheduledUpdateGroupActions).toEqual([]);
  expect(await pool()).toEqual([]);
  const policy = { PolicyName: 'out', AdjustmentType: 'ChangeInCapacity', ScalingAdjustment: 1 };
  await asg.send(new PutScalingPolicyCommand({ AutoScalingGroupName, ...policy }));
  await asg.send(new PutWarmPoolCommand({ AutoScalingGroupName, MinSize: 1, MaxGroupPreparedCapacity: 2 }));
  await until(pool, (list) => list.length === 1 && list[0]?.LifecycleState === 'Warmed:Stopped');
});
