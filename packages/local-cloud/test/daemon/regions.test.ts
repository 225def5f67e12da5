import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeImagesCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, onTestFinished, test } from 'vitest';
import { startLocalCloud } from '../../src/daemon/cloud.ts';
import { Regions } from '../../src/daemon/regions.ts';
import { SimulatedBalancer } from '../../src/elb/simulated.ts';
import { SimulatedDriver } from '../../src/machines/simulated-driver.ts';
import { findRegion, homeRegion, regionNames } from '../../src/regions.ts';
import { account, delayProfiles } from '../../src/settings.ts';
import { openStore, type StateStore } from '../../src/state/store.ts';

const other = 'us-east-1';

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'regions-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A store that has written all when the test ends. */
async function storeIn(dir: string): Promise<StateStore> {
  const store = await openStore(dir);
  onTestFinished(() => store.close());
  return store;
}

function cloudOn(store: Pick<StateStore, 'state' | 'regions' | 'changed'>, images: string[] = []) {
  const clock = new ManualClock();
  const reports: unknown[] = [];
  const machines = new SimulatedDriver({ clock, images: [account.baseImageId, ...images] });
  let next = 1;
  const regions = new Regions(
    {
      clock,
      delays: delayProfiles.quick,
      machines,
      balancer: new SimulatedBalancer({ clock, isUp: ({ id }) => machines.isRunning(id) }),
      changed: store.changed,
      report: (error) => reports.push(error),
      takeAddress: () => `127.9.16.${next++}`,
      releaseAddress: () => undefined,
      takeBalancerAddress: () => `127.9.2.${next++}`,
    },
    store,
  );
  const tables = regions.tables;
  const send = (
    region: string,
    operation: string,
    input: object = {},
    service: keyof typeof tables = 'ec2',
    // biome-ignore lint/suspicious/noExplicitAny: answers are as varied as operations
  ): Promise<any> => {
    const call = { service, operation, region, accessKeyId: 'AKID', requestId: 'r' };
    return Promise.resolve().then(() => tables[service][operation]?.(input, call));
  };
  return { clock, machines, regions, send, reports };
}

test('every region has its own network, image and records, with the same ids on every machine', async () => {
  const store = await storeIn(await folder());
  const { regions, send, clock, reports } = cloudOn(store);
  await regions.start();
  expect((await send(homeRegion.name, 'DescribeSubnets')).Subnets).toMatchObject(
    Object.values(account.subnets).map((SubnetId) => ({ SubnetId, VpcId: account.vpcId })),
  );
  const { Subnets } = await send(other, 'DescribeSubnets');
  expect(Subnets).toHaveLength(6);
  expect(new Set(Subnets.map((one: { VpcId: string }) => one.VpcId))).toEqual(new Set([findRegion(other)?.vpcId]));
  expect(findRegion(other)?.vpcId).toBe('vpc-04503b67a68f69c96');
  const { AvailabilityZones } = await send(other, 'DescribeAvailabilityZones');
  expect(AvailabilityZones[5]).toMatchObject({ ZoneName: 'us-east-1f', ZoneId: 'use1-az6', RegionName: other });
  expect((await send(other, 'DescribeRegions')).Regions).toHaveLength(regionNames.length);

  const { Images } = await send(other, 'DescribeImages');
  expect(Images).toMatchObject([{ Name: account.baseImageName }]);
  const launched = await send(other, 'RunInstances', { ImageId: Images[0].ImageId, MinCount: 1, MaxCount: 1 });
  await clock.advance(1_000);
  const { Reservations } = await send(other, 'DescribeInstances');
  expect(Reservations[0].Instances[0]).toMatchObject({
    InstanceId: launched.Instances[0].InstanceId,
    State: { Name: 'running' },
    Placement: { AvailabilityZone: 'us-east-1a' },
    PrivateDnsName: expect.stringMatching(/^ip-127-9-16-\d+\.ec2\.internal$/),
  });
  expect((await send(homeRegion.name, 'DescribeInstances')).Reservations).toEqual([]);
  await expect(
    send(homeRegion.name, 'RunInstances', { ImageId: Images[0].ImageId, MinCount: 1, MaxCount: 1 }),
  ).rejects.toMatchObject({ code: 'InvalidAMIID.NotFound' });
  expect(reports).toEqual([]);
});

test('regions are made at their first use, kept in one file, and taken up again', async () => {
  const dir = await folder();
  const store = await openStore(dir);
  const before = cloudOn(store);
  await before.regions.start();
  expect(Object.keys(store.regions)).toEqual([]);
  const ImageId = findRegion(other)?.baseImageId;
  await before.send(other, 'RunInstances', { ImageId, MinCount: 2, MaxCount: 2 });
  await before.clock.advance(1_000);
  expect(Object.keys(store.regions)).toEqual([other]);
  before.regions.stop();
  await store.close();

  const again = await storeIn(dir);
  const after = cloudOn(again);
  for (const one of Object.values(again.regions[other]?.instances ?? {})) {
    await Promise.all([
      after.machines.create({
        instanceId: one.id,
        imageId: account.baseImageId,
        address: one.address,
        hostname: one.id,
      }),
      after.clock.advance(100),
    ]);
  }
  const started = after.regions.start();
  await after.clock.advance(2_000);
  await started;
  const ids = Object.keys(again.regions[other]?.instances ?? {});
  expect(ids).toHaveLength(2);
  expect(ids.map((id) => after.machines.isRunning(id))).toEqual([true, true]);
});

test('groups and load balancers work in every region, through one balancer', async () => {
  const store = await storeIn(await folder());
  const { regions, send, clock, reports } = cloudOn(store);
  await regions.start();
  for (const name of [homeRegion.name, other]) {
    const region = findRegion(name);
    const zones = region?.zones.slice(0, 2) ?? [];
    const Subnets = zones.map((zone) => region?.subnets[zone] ?? '');
    const elb = (operation: string, input: object) => send(name, operation, input, 'elasticloadbalancing');
    const { LoadBalancers } = await elb('CreateLoadBalancer', { Name: 'api', Subnets });
    const { LoadBalancerArn } = LoadBalancers[0];
    expect(LoadBalancerArn).toContain(`:${name}:`);
    const check = { HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2, HealthyThresholdCount: 2 };
    const group = { Name: 'api', Protocol: 'HTTP', Port: 8080, VpcId: region?.vpcId, ...check };
    const { TargetGroups } = await elb('CreateTargetGroup', group);
    const { TargetGroupArn } = TargetGroups[0];
    const DefaultActions = [{ Type: 'forward', TargetGroupArn }];
    await clock.advance(500);
    await elb('CreateListener', { LoadBalancerArn, Port: 80, Protocol: 'HTTP', DefaultActions });
    const LaunchTemplateData = { ImageId: region?.baseImageId };
    await send(name, 'CreateLaunchTemplate', { LaunchTemplateName: 'api', LaunchTemplateData });
    await send(
      name,
      'CreateAutoScalingGroup',
      {
        AutoScalingGroupName: 'api',
        LaunchTemplate: { LaunchTemplateName: 'api', Version: '1' },
        ...{ MinSize: 2, MaxSize: 2, VPCZoneIdentifier: Subnets.join(','), TargetGroupARNs: [TargetGroupArn] },
      },
      'autoscaling',
    );
  }
  await clock.advance(60_000);
  for (const name of [homeRegion.name, other]) {
    const { AutoScalingGroups } = await send(name, 'DescribeAutoScalingGroups', {}, 'autoscaling');
    expect(AutoScalingGroups).toHaveLength(1);
    const members: { AvailabilityZone: string; LifecycleState: string }[] = AutoScalingGroups[0].Instances;
    expect(members.map((one) => one.AvailabilityZone).sort()).toEqual([`${name}a`, `${name}b`]);
    expect(members.map((one) => one.LifecycleState)).toEqual(['InService', 'InService']);
    const { TargetGroups } = await send(name, 'DescribeTargetGroups', {}, 'elasticloadbalancing');
    const { TargetGroupArn } = TargetGroups[0];
    const health = await send(name, 'DescribeTargetHealth', { TargetGroupArn }, 'elasticloadbalancing');
    const states = health.TargetHealthDescriptions.map((one: { TargetHealth: { State: string } }) => one.TargetHealth);
    expect(states).toMatchObject([{ State: 'healthy' }, { State: 'healthy' }]);
  }
  expect(reports).toEqual([]);
});

test('a state file of a cloud that knew one region only is read', async () => {
  const dir = await folder();
  const store = await openStore(dir);
  store.state.networkTags = { a: { b: '1' } };
  store.changed();
  await store.close();
  const file = join(dir, 'state.json');
  const { regions: _regions, ...old } = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify(old));
  const read = await openStore(dir);
  expect(read.state.networkTags).toEqual({ a: { b: '1' } });
  expect(read.regions).toEqual({});
  await writeFile(file, JSON.stringify({ ...old, regions: { [other]: { instances: {} } } }));
  await expect(openStore(dir)).rejects.toThrow('its table "images" of the region us-east-1 is missing or damaged');
});

test('a client is served in the region that it signs for, and an unknown one is refused', async () => {
  const reports: unknown[] = [];
  const dir = await folder();
  const cloud = await startLocalCloud({ dir, driver: 'simulated', report: (error) => reports.push(error) });
  onTestFinished(() => cloud.close());
  const client = (region: string) =>
    new EC2Client({ endpoint: cloud.endpoint, region, credentials: { ...cloud.credentials }, maxAttempts: 1 });
  for (const name of [homeRegion.name, other]) {
    const { Vpcs } = await client(name).send(new DescribeVpcsCommand({}));
    expect(Vpcs?.map((one) => one.VpcId)).toEqual([findRegion(name)?.vpcId]);
  }
  const { Images } = await client('ap-south-1').send(new DescribeImagesCommand({ Owners: ['self'] }));
  expect(Images).toMatchObject([{ ImageId: findRegion('ap-south-1')?.baseImageId, State: 'available' }]);
  await expect(client('eu-west-9').send(new DescribeVpcsCommand({}))).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
    message: expect.stringContaining('Credential should be scoped to a valid region'),
  });
  expect(reports).toEqual([]);
});
