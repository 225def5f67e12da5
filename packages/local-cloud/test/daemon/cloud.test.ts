import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stopCloud } from '../../src/daemon/client.ts';
import { type CloudOptions, type LocalCloud, startLocalCloud } from '../../src/daemon/cloud.ts';
import { account } from '../../src/settings.ts';

let dir: string;
const open: LocalCloud[] = [];
const reports: unknown[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gp-cloud-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((cloud) => cloud.close()));
  await stopCloud(dir);
  await rm(dir, { recursive: true, force: true });
  expect(reports.splice(0)).toEqual([]);
});

async function start(more: Partial<CloudOptions> = {}): Promise<LocalCloud> {
  const cloud = await startLocalCloud({ dir, driver: 'simulated', report: (e) => reports.push(e), ...more });
  open.push(cloud);
  return cloud;
}

function clients({ endpoint, region, credentials }: Pick<LocalCloud, 'endpoint' | 'region' | 'credentials'>) {
  // A copy: the clients note in it where it came from.
  const config = { endpoint, region, credentials: { ...credentials }, maxAttempts: 1 };
  return {
    ec2: new EC2Client(config),
    asg: new AutoScalingClient(config),
    elb: new ElasticLoadBalancingV2Client(config),
  };
}

describe('startLocalCloud', () => {
  it('runs a fleet of simulated machines through a refresh and takes it up again after a restart', async () => {
    const cloud = await start();
    const { ec2, asg, elb } = clients(cloud);
    const LaunchTemplateName = 'api';
    const data = { ImageId: account.baseImageId, InstanceType: 't3.micro' as const };
    await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData: data }));
    await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateName, LaunchTemplateData: data }));
    const { TargetGroups } = await elb.send(
      new CreateTargetGroupCommand({
        Name: 'api',
        Protocol: 'HTTP',
        Port: 8080,
        VpcId: account.vpcId,
        HealthCheckIntervalSeconds: 5,
        HealthyThresholdCount: 2,
        HealthCheckTimeoutSeconds: 2,
      }),
    );
    const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn ?? '';
    const { LoadBalancers } = await elb.send(
      new CreateLoadBalancerCommand({ Name: 'api', Subnets: Object.values(account.subnets) }),
    );
    await elb.send(
      new CreateListenerCommand({
        LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
        Port: 80,
        Protocol: 'HTTP',
        DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      }),
    );
    await asg.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: 'api',
        LaunchTemplate: { LaunchTemplateName, Version: '1' },
        MinSize: 1,
        MaxSize: 4,
        DesiredCapacity: 2,
        VPCZoneIdentifier: Object.values(account.subnets).join(','),
        TargetGroupARNs: [TargetGroupArn],
      }),
    );
    const members = async () => {
      const { AutoScalingGroups } = await asg.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['api'] }),
      );
      return (AutoScalingGroups?.[0]?.Instances ?? []).filter((i) => i.LifecycleState === 'InService');
    };
    await until(members, (m) => m.length === 2);
    const health = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    expect(health.TargetHealthDescriptions).toHaveLength(2);
    await asg.send(
      new StartInstanceRefreshCommand({
        AutoScalingGroupName: 'api',
        DesiredConfiguration: { LaunchTemplate: { LaunchTemplateName, Version: '2' } },
        Preferences: { MinHealthyPercentage: 100, MaxHealthyPercentage: 200, InstanceWarmup: 0 },
      }),
    );
    const refresh = async () =>
      (await asg.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: 'api' }))).InstanceRefreshes?.[0];
    await until(refresh, (r) => r?.Status === 'Successful');
    const before = await members();
    expect(before.map((m) => m.LaunchTemplate?.Version)).toEqual(['2', '2']);

    const status = await (await fetch(`${cloud.endpoint}/_local/status`)).json();
    expect(status).toMatchObject({
      endpoint: cloud.endpoint,
      block: cloud.block,
      driver: 'simulated',
      counts: { groups: 1, instances: 2 },
    });
    await cloud.close();
    await expect(fetch(`${cloud.endpoint}/_local/status`)).rejects.toThrow();

    const again = await start();
    expect(again).toMatchObject({ endpoint: cloud.endpoint, block: cloud.block, credentials: cloud.credentials });
    await until(members, (m) => m.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await members()).map((m) => m.InstanceId)).toEqual(before.map((m) => m.InstanceId));
  }, 40_000);

  it('lets a copy of its folder run beside it: same instances and key, addresses and port of its own', async () => {
    const copied = join(dir, 'copy');
    const cloud = await start({ dir: join(dir, 'original') });
    await clients(cloud).ec2.send(
      new RunInstancesCommand({ ImageId: account.baseImageId, InstanceType: 't3.micro', MinCount: 2, MaxCount: 2 }),
    );
    const Subnets = Object.values(account.subnets);
    await clients(cloud).elb.send(new CreateLoadBalancerCommand({ Name: 'api', Subnets }));
    await cloud.close();
    await cp(join(dir, 'original'), copied, { recursive: true });
    const original = await start({ dir: join(dir, 'original') });
    const copy = await start({ dir: copied });
    expect(copy.credentials).toEqual(original.credentials);
    expect(copy.endpoint).not.toBe(original.endpoint);
    const addresses = async (one: LocalCloud) => {
      const { ec2, elb } = clients(one);
      const { Reservations } = await ec2.send(new DescribeInstancesCommand({}));
      const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({}));
      const instances = Reservations?.flatMap(({ Instances = [] }) => Instances) ?? [];
      return [
        ...instances.map(({ InstanceId, PrivateIpAddress }) => [InstanceId, PrivateIpAddress]),
        ...(LoadBalancers ?? []).map(({ LoadBalancerArn, DNSName }) => [LoadBalancerArn, DNSName]),
      ];
    };
    const inBlock = (block: number) => (address?: string) => address?.replace(/^127\.\d+\./, `127.${block}.`);
    const before = await addresses(original);
    expect(before).toHaveLength(3);
    expect(copy.block).not.toBe(original.block);
    expect(await addresses(copy)).toEqual(before.map(([id, address]) => [id, inBlock(copy.block)(address)]));
  });

  it('lets clouds run side by side, but only one in a folder', async () => {
    const first = await start();
    await expect(start()).rejects.toMatchObject({ code: 'local.already-running' });
    const second = await start({ dir: join(dir, 'other') });
    expect(second.block).not.toBe(first.block);
    expect(second.endpoint).not.toBe(first.endpoint);
  });

  it('goes on with the kind of machines that it has, and refuses the other one', async () => {
    const first = await start();
    expect(first.status().driver).toBe('simulated');
    const { ec2 } = clients(first);
    await ec2.send(new RunInstancesCommand({ ImageId: account.baseImageId, MinCount: 1, MaxCount: 1 }));
    await first.close();
    await expect(start({ driver: 'sandbox' })).rejects.toMatchObject({
      code: 'local.driver',
      outcome: 'usage',
      message: expect.stringContaining('has simulated machines'),
    });
    expect((await start({ driver: undefined })).status()).toMatchObject({
      driver: 'simulated',
      counts: { instances: 1 },
    });
  });

  it('CLD-PER-01 goes on with the delays that it was started with, until others are requested', async () => {
    // As long as a launch takes with the quick delays, and far less than with those of AWS.
    const settled = 2_000;
    const stateAfterLaunch = async (more: Partial<CloudOptions>) => {
      const clock = new ManualClock();
      const cloud = await start({ clock, ...more });
      const { ec2 } = clients(cloud);
      const one = { ImageId: account.baseImageId, MinCount: 1, MaxCount: 1 };
      const { Instances } = await ec2.send(new RunInstancesCommand(one));
      await clock.advance(settled);
      const InstanceIds = [Instances?.[0]?.InstanceId ?? ''];
      const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds }));
      await cloud.close();
      return Reservations?.[0]?.Instances?.[0]?.State?.Name;
    };
    expect(await stateAfterLaunch({})).toBe('running');
    expect(await stateAfterLaunch({ delays: 'aws' })).toBe('pending');
    expect(await stateAfterLaunch({})).toBe('pending');
    expect(await stateAfterLaunch({ delays: 'quick' })).toBe('running');
    expect(await stateAfterLaunch({})).toBe('running');
  });

  it('refuses a port that is taken and leaves nothing behind', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as { port: number };
    await expect(start({ port })).rejects.toMatchObject({
      code: 'local.port-taken',
      message: expect.stringContaining(String(port)),
    });
    await new Promise((resolve) => blocker.close(resolve));
    await start({ port });
  });
});
