import { DescribeScalingActivitiesCommand, LaunchInstancesCommand } from '@aws-sdk/client-auto-scaling';
import {
  CopyImageCommand,
  CreateImageCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FaultRequest } from '../../src/faults/rule.ts';
import { account } from '../../src/settings.ts';
import { FaultyCloud } from './support.ts';

let f: FaultyCloud;
beforeEach(async () => {
  f = await FaultyCloud.start();
});
afterEach(async () => {
  await f.close();
  expect(f.reports).toEqual([]);
});

async function instance(id: string) {
  const { Reservations } = await f.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Reservations?.[0]?.Instances?.[0];
}

async function bake(id: string, name: string, NoReboot = true) {
  const { ImageId = '' } = await f.ec2.send(new CreateImageCommand({ InstanceId: id, Name: name, NoReboot }));
  return ImageId;
}

async function image(id: string) {
  return (await f.ec2.send(new DescribeImagesCommand({ ImageIds: [id] }))).Images?.[0];
}

const launch = (zone: string) =>
  f.ec2.send(
    new RunInstancesCommand({
      ImageId: account.baseImageId,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      Placement: { AvailabilityZone: zone },
    }),
  );

/** Ids of the faults in the record of the last call of an operation. */
const faultsOf = (operation: string) => f.cloud.calls.report({ operation, limit: 1 }).calls[0]?.faults;

describe('bake-fail', () => {
  it('CLD-FLT-06 fails as many images as its count says, with its message as the reason', async () => {
    const [id = ''] = await f.run();
    f.cloud.faults.add({ kind: 'bake-fail', count: 1, message: 'the disk is full' });
    const failed = await bake(id, 'one');
    expect(faultsOf('CreateImage')).toEqual(['f-1']);
    await f.clock.advance(5_000);
    expect(await image(failed)).toMatchObject({
      State: 'failed',
      StateReason: { Message: expect.stringContaining('the disk is full') },
    });
    const good = await bake(id, 'two');
    expect(faultsOf('CreateImage')).toBeUndefined();
    await f.clock.advance(5_000);
    expect(await image(good)).toMatchObject({ State: 'available' });
    expect(f.cloud.faults.list()).toMatchObject([{ hits: 1, active: false }]);
  });
});

describe('bake-slow', () => {
  it('CLD-FLT-06 keeps the image pending, but the machine is soon back from its reboot', async () => {
    const [id = ''] = await f.run();
    f.cloud.faults.add({ kind: 'bake-slow', delayMs: 60_000, instance: id });
    const slow = await bake(id, 'slow', false);
    expect(faultsOf('CreateImage')).toEqual(['f-1']);
    await f.clock.advance(50_000);
    expect((await image(slow))?.State).toBe('pending');
    expect((await instance(id))?.State?.Name).toBe('running');
    await f.clock.advance(15_000);
    expect((await image(slow))?.State).toBe('available');
  });
});

describe('bake-fail and bake-slow of copies', () => {
  const away = 'eu-central-1';

  it('CLD-FLT-06 strike a copy by the region that it is made in, and leave its source as it is', async () => {
    const [id = ''] = await f.run();
    const SourceImageId = await bake(id, 'source');
    await f.clock.advance(5_000);
    const elsewhere = new EC2Client({ ...f.config(), region: away, maxAttempts: 1 });
    const copy = async (client: EC2Client, Name: string) =>
      (await client.send(new CopyImageCommand({ Name, SourceImageId, SourceRegion: 'eu-west-1' }))).ImageId ?? '';
    const state = async (client: EC2Client, ImageId: string) =>
      (await client.send(new DescribeImagesCommand({ ImageIds: [ImageId] }))).Images?.[0];
    try {
      f.cloud.faults.add({ kind: 'bake-fail', instance: id });
      const fail = f.cloud.faults.add({ kind: 'bake-fail', region: away, count: 1, message: 'no room there' });
      const slow = f.cloud.faults.add({ kind: 'bake-slow', image: SourceImageId, delayMs: 60_000, count: 1 });
      const home = await copy(f.ec2, 'at home');
      expect(faultsOf('CopyImage')).toEqual([slow.id]);
      const failed = await copy(elsewhere, 'away');
      expect(faultsOf('CopyImage')).toEqual([fail.id]);
      const good = await copy(elsewhere, 'again');
      expect(faultsOf('CopyImage')).toBeUndefined();
      await f.clock.advance(50_000);
      expect(await state(elsewhere, failed)).toMatchObject({
        State: 'failed',
        StateReason: { Message: expect.stringContaining('no room there') },
      });
      expect((await state(elsewhere, good))?.State).toBe('available');
      expect((await state(f.ec2, home))?.State).toBe('pending');
      await f.clock.advance(15_000);
      expect((await state(f.ec2, home))?.State).toBe('available');
      // The copy that failed has taken none of the data that it shares.
      const run = new RunInstancesCommand({ ImageId: good, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 });
      const [made] = (await elsewhere.send(run)).Instances ?? [];
      await f.clock.advance(5_000);
      const InstanceIds = [made?.InstanceId ?? ''];
      const { Reservations } = await elsewhere.send(new DescribeInstancesCommand({ InstanceIds }));
      expect(Reservations?.[0]?.Instances?.[0]?.State?.Name).toBe('running');
    } finally {
      elsewhere.destroy();
    }
  });
});

describe('boot-dead', () => {
  it('CLD-FLT-07 ends machines at their first boot, those of the image only', async () => {
    const [source = ''] = await f.run();
    const bad = await bake(source, 'bad');
    await f.clock.advance(5_000);
    const fault = f.cloud.faults.add({ kind: 'boot-dead', image: bad });
    const [fine = ''] = await f.run();
    const run = new RunInstancesCommand({ ImageId: bad, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 });
    const dead = (await f.ec2.send(run)).Instances?.[0]?.InstanceId ?? '';
    await f.clock.advance(5_000);
    expect((await instance(fine))?.State?.Name).toBe('running');
    expect(await instance(dead)).toMatchObject({
      State: { Name: 'terminated' },
      StateReason: { Message: expect.stringContaining(`fault ${fault.id}`) },
    });
  });
});

describe('never-healthy', () => {
  it('CLD-FLT-08 lets machines run that the balancer never sees up, until it is cleared', async () => {
    const fault = f.cloud.faults.add({ kind: 'never-healthy', group: 'api', count: 1 });
    const arn = await f.group(2, true);
    await f.until(f.members.bind(f), (all) => all.length === 2);
    const states = () => f.health(arn).then((all) => Object.values(all).sort());
    await f.until(states, (all) => all.join() === 'initial,initial');
    await f.until(states, (all) => all.join() === 'healthy,unhealthy');
    await f.clock.advance(120_000);
    expect(await states()).toEqual(['healthy', 'unhealthy']);
    f.cloud.faults.clear(fault.id);
    await f.until(states, (all) => all.join() === 'healthy,healthy');
  });
});

describe('flapping', () => {
  it('CLD-FLT-08 takes a target out of service and back in turns', async () => {
    const arn = await f.group(1, true);
    const state = () => f.health(arn).then((all) => Object.values(all)[0] ?? '');
    await f.until(state, (one) => one === 'healthy');
    f.cloud.faults.add({ kind: 'flapping', periodMs: 30_000 });
    const seen: string[] = [];
    for (let second = 0; second < 180; second++) {
      await f.clock.advance(1_000);
      const now = await state();
      if (seen.at(-1) !== now) seen.push(now);
    }
    expect(seen).toEqual(['healthy', 'unhealthy', 'healthy', 'unhealthy', 'healthy', 'unhealthy']);
    f.cloud.faults.clear();
    await f.until(state, (one) => one === 'healthy');
  });
});

describe('insufficient-capacity', () => {
  it('CLD-FLT-09 CLD-FLT-13 refuses launches and starts in the zone, and of the type, and is in their record', async () => {
    const [id = ''] = await f.run();
    await f.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    await f.clock.advance(2_000);
    f.cloud.faults.add({ kind: 'insufficient-capacity', zone: 'eu-west-1a', type: 't3.micro' });
    const refusal = {
      name: 'InsufficientInstanceCapacity',
      message: expect.stringContaining('choosing eu-west-1b, eu-west-1c'),
    };
    await expect(launch('eu-west-1a')).rejects.toMatchObject(refusal);
    expect(faultsOf('RunInstances')).toEqual(['f-1']);
    await expect(f.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }))).rejects.toMatchObject(refusal);
    expect(faultsOf('StartInstances')).toEqual(['f-1']);
    expect((await launch('eu-west-1b')).Instances).toHaveLength(1);
    expect(faultsOf('RunInstances')).toBeUndefined();
  });

  it('CLD-FLT-13 is in the record of a LaunchInstances that it left without instances', async () => {
    await f.group(1);
    await f.until(f.members.bind(f), (all) => all.length === 1);
    const { id } = f.cloud.faults.add({ kind: 'insufficient-capacity' });
    const { Errors } = await f.asg.send(
      new LaunchInstancesCommand({
        AutoScalingGroupName: 'api',
        RequestedCapacity: 1,
        AvailabilityZones: ['eu-west-1a'],
        ClientToken: 'a-token',
      }),
    );
    expect(Errors).toMatchObject([{ ErrorCode: 'InsufficientInstanceCapacity' }]);
    expect(faultsOf('LaunchInstances')).toEqual([id]);
  });

  it('CLD-FLT-09 of one zone lets a group grow in the others, and says so in its activities', async () => {
    f.cloud.faults.add({ kind: 'insufficient-capacity', zone: 'eu-west-1a' });
    await f.group(6);
    const members = await f.until(f.members.bind(f), (all) => all.length === 6);
    const zones = members.map((one) => one.AvailabilityZone).sort();
    expect(zones).toEqual([...Array(3).fill('eu-west-1b'), ...Array(3).fill('eu-west-1c')]);
    const { Activities } = await f.asg.send(new DescribeScalingActivitiesCommand({}));
    expect(Activities?.filter(({ StatusCode }) => StatusCode === 'Failed')).toMatchObject([
      { StatusMessage: expect.stringContaining('(eu-west-1a)') },
    ]);
  });

  it('shows as failed scaling activities, until there is room again', async () => {
    f.cloud.faults.add({ kind: 'insufficient-capacity' });
    await f.group(3);
    await f.clock.advance(10_000);
    const activities = async () => (await f.asg.send(new DescribeScalingActivitiesCommand({}))).Activities ?? [];
    expect((await activities())[0]).toMatchObject({
      StatusCode: 'Failed',
      StatusMessage: expect.stringMatching(
        /^We currently do not have sufficient t3.micro capacity .* launch.* failed\.$/i,
      ),
    });
    expect(await f.members()).toEqual([]);
    f.cloud.faults.clear();
    await f.until(f.members.bind(f), (all) => all.length === 3);
  });
});

describe('zone-lost', () => {
  it('CLD-FLT-10 kills every machine of the zone, and lets none start there any more', async () => {
    await f.group(6);
    const before = await f.until(f.members.bind(f), (all) => all.length === 6);
    const lost = before.filter((one) => one.AvailabilityZone === 'eu-west-1b').map((one) => one.InstanceId ?? '');
    expect(lost).toHaveLength(2);
    f.cloud.faults.add({ kind: 'zone-lost', zone: 'eu-west-1b' });
    expect(f.cloud.faults.list()).toMatchObject([{ hits: 2, active: true }]);
    await f.clock.advance(1_000);
    const left = await f.members();
    expect(left.map((one) => one.InstanceId)).not.toEqual(expect.arrayContaining(lost));
    await expect(launch('eu-west-1b')).rejects.toMatchObject({ name: 'InsufficientInstanceCapacity' });
    expect(faultsOf('RunInstances')).toEqual(['f-1']);
  });

  it('kills machines in the middle of their boot', async () => {
    const [made] = (await launch('eu-west-1c')).Instances ?? [];
    await f.clock.advance(190);
    f.cloud.faults.add({ kind: 'zone-lost', zone: 'eu-west-1c' });
    await f.clock.advance(3_000);
    expect((await instance(made?.InstanceId ?? ''))?.State?.Name).toBe('terminated');
  });
});

describe('backend-kill', () => {
  it('takes the service of a simulated machine down for a while', async () => {
    const arn = await f.group(2, true);
    const states = () => f.health(arn).then((all) => Object.values(all).sort().join());
    await f.until(states, (all) => all === 'healthy,healthy');
    const [first] = await f.members();
    f.cloud.faults.add({ kind: 'backend-kill', instance: first?.InstanceId, delayMs: 20_000 });
    await f.clock.advance(1_000);
    expect((await f.health(arn))[first?.InstanceId ?? '']).toBe('unhealthy');
    await f.until(states, (all) => all === 'healthy,healthy');
    expect(f.cloud.faults.list()).toMatchObject([{ kind: 'backend-kill', hits: 1, active: false }]);
  });

  it('says that a simulated balancer has no process to kill, and is not kept then', () => {
    expect(() => f.cloud.faults.add({ kind: 'backend-kill' })).toThrow('no process to kill');
    expect(() => f.cloud.faults.add({ kind: 'backend-kill', group: 'none' })).toThrow('none of the machines');
    expect(f.cloud.faults.list()).toEqual([]);
  });
});

it('refuses faults that name what is not there', () => {
  const add = (request: FaultRequest) => () => f.cloud.faults.add(request);
  expect(add({ kind: 'zone-lost', zone: 'eu-west-1z' })).toThrow('there is no zone eu-west-1z');
  expect(add({ kind: 'flapping', instance: 'i-00000000000000000' })).toThrow('there is no instance');
  expect(add({ kind: 'boot-dead', image: 'ami-00000000000000000' })).toThrow('there is no image');
  expect(f.cloud.faults.list()).toEqual([]);
});
