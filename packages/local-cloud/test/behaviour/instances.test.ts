import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  GetConsoleOutputCommand,
  ModifyInstanceAttributeCommand,
  RebootInstancesCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { account, delayProfiles } from '../../src/settings.ts';
import { drivers, openWorld, patiently, refusal, World, type WorldOptions } from './support.ts';

let world: World;
const open = (options?: WorldOptions) =>
  openWorld((opened) => {
    world = opened;
  }, options);

const terminate = (...InstanceIds: string[]) => world.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
const stop = (id: string) => world.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
const status = async (InstanceIds: string[]) => {
  const { InstanceStatuses } = await world.ec2.send(new DescribeInstanceStatusCommand({ InstanceIds }));
  return InstanceStatuses?.[0]?.InstanceStatus?.Status;
};

describe.each([{ profile: 'quick' }, { profile: 'aws' }] as const)('instances with $profile delays', ({ profile }) => {
  let timed: World;
  beforeAll(async () => {
    timed = await World.start({ delays: profile });
  });
  afterAll(() => timed.close());
  const delays = delayProfiles[profile];

  it('EC2-INS-01 are pending, and running after both delays at the least', async () => {
    let state: string | undefined;
    const took = await timed.took(async () => {
      const made = await timed.run();
      state = made.State?.Name;
      await timed.reached(made.InstanceId ?? '', 'running');
    });
    expect(state).toBe('pending');
    expect(took).toBeGreaterThanOrEqual(delays.instancePending + delays.instanceBoot);
  });

  it('EC2-INS-03 are shutting down for the delay at the least, then terminated; a repeated call changes nothing', async () => {
    const id = await timed.running();
    const end = () => timed.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    const took = await timed.took(async () => {
      const { TerminatingInstances } = await end();
      expect(TerminatingInstances?.[0]).toMatchObject({
        PreviousState: { Name: 'running' },
        CurrentState: { Name: 'shutting-down' },
      });
      await timed.reached(id, 'terminated');
    });
    expect(took).toBeGreaterThanOrEqual(delays.instanceShutdown);
    expect((await end()).TerminatingInstances?.[0]?.CurrentState?.Name).toBe('terminated');
  });
});

describe.each(drivers)('instances on $driver machines', patiently, ({ driver }) => {
  open({ driver });

  it('EC2-INS-02 carry the codes of EC2 with their states', async () => {
    const seen = new Map<string | undefined, number | undefined>();
    const look = async (id: string, state: string) => {
      const { State } = await world.reached(id, state);
      seen.set(State?.Name, State?.Code);
    };
    const { InstanceId: id = '', State } = await world.run();
    seen.set(State?.Name, State?.Code);
    await look(id, 'running');
    const change = (await stop(id)).StoppingInstances?.[0]?.CurrentState;
    seen.set(change?.Name, change?.Code);
    await look(id, 'stopped');
    const end = (await terminate(id)).TerminatingInstances?.[0]?.CurrentState;
    seen.set(end?.Name, end?.Code);
    await look(id, 'terminated');
    expect(Object.fromEntries(seen)).toEqual({
      ...{ pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 },
    });
  });

  it('EC2-INS-05 keep id, address and volume through stop and start; pending ones cannot be stopped', async () => {
    const { InstanceId: id = '' } = await world.run();
    expect(await refusal(stop(id))).toBe('IncorrectInstanceState');
    const before = await world.reached(id, 'running');
    expect((await stop(id)).StoppingInstances?.[0]?.CurrentState?.Name).toBe('stopping');
    await world.reached(id, 'stopped');
    const { StartingInstances } = await world.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    expect(StartingInstances?.[0]?.CurrentState?.Name).toBe('pending');
    const after = await world.reached(id, 'running');
    expect(after.PrivateIpAddress).toBe(before.PrivateIpAddress);
    expect(after.BlockDeviceMappings?.[0]?.Ebs?.VolumeId).toBe(before.BlockDeviceMappings?.[0]?.Ebs?.VolumeId);
  });

  it('EC2-INS-06 stay running through a reboot, with the status initializing', async () => {
    const id = await world.running();
    expect(await status([id])).toBe('ok');
    // A reboot may be over before the next call: then again.
    await world.until(
      async () => {
        await world.ec2.send(new RebootInstancesCommand({ InstanceIds: [id] }));
        return status([id]);
      },
      (now) => now === 'initializing',
    );
    expect((await world.instance(id)).State?.Name).toBe('running');
    await world.until(
      () => status([id]),
      (now) => now === 'ok',
    );
  });

  it('EC2-INS-12 show their host key on the console as soon as they run', async () => {
    const InstanceId = await world.running();
    const { Output = '' } = await world.ec2.send(new GetConsoleOutputCommand({ InstanceId }));
    expect(Buffer.from(Output, 'base64').toString()).toContain('BEGIN SSH HOST KEY KEYS');
  });

  it('EC2-INS-15 whose first boot fails are terminated, with the reason', async () => {
    world.cloud.faults.add({ kind: 'boot-dead' });
    const { InstanceId = '' } = await world.run();
    const { StateReason } = await world.reached(InstanceId, 'terminated');
    expect(StateReason?.Code).toBe('Server.InternalError');
  });

  it('EC2-INS-17 survive a stop of the cloud, and boot again with id, address and tags', async () => {
    const first = await World.onTheWire({ driver });
    const tags = [{ Key: 'app', Value: 'api' }];
    const id = await first.running({ TagSpecifications: [{ ResourceType: 'instance', Tags: tags }] });
    const before = await first.instance(id);
    await first.stop();
    const second = await World.onTheWire({ driver, dir: first.dir });
    const after = await second.reached(id, 'running');
    expect(after).toMatchObject({ PrivateIpAddress: before.PrivateIpAddress, Tags: tags });
    await second.until(
      async () => (await second.ec2.send(new DescribeInstanceStatusCommand({}))).InstanceStatuses?.[0],
      (one) => one?.InstanceStatus?.Status === 'ok',
    );
    await second.close();
  });
});

describe('instances', () => {
  open();

  it('EC2-INS-04 stay visible for a while after their end, then are unknown', async () => {
    const brief = await World.start({ delays: { ...delayProfiles.quick, terminatedVisible: 4_000 } });
    const id = await brief.running();
    const took = await brief.took(async () => {
      await brief.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
      await brief.reached(id, 'terminated');
      await brief.until(
        () => refusal(brief.instance(id)),
        (code) => code === 'InvalidInstanceID.NotFound',
      );
    });
    await brief.close();
    expect(took).toBeGreaterThanOrEqual(4_000);
  });

  it('EC2-INS-07 with termination protection hold back the whole call', async () => {
    const [held, other] = [await world.running({ DisableApiTermination: true }), await world.running()];
    expect(await refusal(terminate(other, held))).toBe('OperationNotPermitted');
    expect((await world.instance(other)).State?.Name).toBe('running');
    await world.ec2.send(
      new ModifyInstanceAttributeCommand({ InstanceId: held, DisableApiTermination: { Value: false } }),
    );
    await terminate(other, held);
    await world.reached(held, 'terminated');
  });

  it('EC2-INS-08 are launched once for one client token', async () => {
    const ClientToken = world.name('token');
    const first = await world.run({ ClientToken });
    expect((await world.run({ ClientToken })).InstanceId).toBe(first.InstanceId);
    expect(await refusal(world.run({ ClientToken, InstanceType: 't3.large' }))).toBe('IdempotentParameterMismatch');
  });

  it('EC2-INS-09 are launched as many as asked for, and none for wrong bounds', async () => {
    const launch = (MinCount: number, MaxCount: number) =>
      world.ec2.send(new RunInstancesCommand({ ImageId: account.baseImageId, MinCount, MaxCount }));
    expect((await launch(1, 3)).Instances?.map(({ AmiLaunchIndex }) => AmiLaunchIndex)).toEqual([0, 1, 2]);
    expect(await refusal(launch(0, 1))).toBe('InvalidParameterValue');
    expect(await refusal(launch(2, 1))).toBe('InvalidParameterValue');
  });

  it('EC2-INS-10 take user data of 16 KiB at most, in base64', async () => {
    const data = (bytes: number) => Buffer.alloc(bytes, 'x').toString('base64');
    expect((await world.run({ UserData: data(16_384) })).State?.Name).toBe('pending');
    expect(await refusal(world.run({ UserData: data(16_385) }))).toBe('InvalidParameterValue');
    expect(await refusal(world.run({ UserData: '#!' }))).toBe('InvalidUserData.Malformed');
  });

  it('EC2-INS-11 change type and user data only while stopped', async () => {
    const id = await world.running();
    const change = () =>
      world.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: 'm5.large' } }));
    expect(await refusal(change())).toBe('IncorrectInstanceState');
    await stop(id);
    await world.reached(id, 'stopped');
    await change();
    expect((await world.instance(id)).InstanceType).toBe('m5.large');
  });

  it('EC2-INS-13 are of any well-formed type, t3.micro by default', async () => {
    expect((await world.run()).InstanceType).toBe('t3.micro');
    expect((await world.run({ InstanceType: 'z9x.huge' as 't3.micro' })).InstanceType).toBe('z9x.huge');
    expect(await refusal(world.run({ InstanceType: 'huge' as 't3.micro' }))).toBe('InvalidParameterValue');
  });

  it('EC2-INS-14 whose machine ends by itself are stopped, or terminated where they are set so', async () => {
    const Placement = { AvailabilityZone: 'eu-west-1c' };
    const kept = await world.running({ Placement });
    const ended = await world.running({ Placement, InstanceInitiatedShutdownBehavior: 'terminate' });
    world.cloud.faults.add({ kind: 'zone-lost', zone: 'eu-west-1c' });
    const { StateReason } = await world.reached(kept, 'stopped');
    expect(StateReason?.Code).toBe('Client.InstanceInitiatedShutdown');
    await world.reached(ended, 'terminated');
  });

  it('EC2-INS-16 are listed in pages of 5 to 1,000, never together with ids', async () => {
    const id = await world.running();
    const list = (input: { MaxResults: number; InstanceIds?: string[] }) =>
      world.ec2.send(new DescribeInstancesCommand(input));
    expect(await refusal(list({ MaxResults: 4 }))).toBe('InvalidParameterValue');
    expect(await refusal(list({ MaxResults: 1001 }))).toBe('InvalidParameterValue');
    expect(await refusal(list({ MaxResults: 5, InstanceIds: [id] }))).toBe('InvalidParameterCombination');
    expect((await list({ MaxResults: 1000 })).NextToken).toBeUndefined();
  });
});

describe('the instances of a region', () => {
  open({});

  it('EC2-INS-18 are 2,000 at the most: launches get what is left, and never fewer than they need', async () => {
    const order = (MinCount: number, MaxCount: number) =>
      world.ec2.send(
        new RunInstancesCommand({ ImageId: account.baseImageId, InstanceType: 't3.micro', MinCount, MaxCount }),
      );
    expect(await refusal(order(2_001, 2_001))).toBe('InstanceLimitExceeded');
    expect((await order(1, 3_000)).Instances).toHaveLength(2_000);
    expect(await refusal(order(1, 1))).toBe('InstanceLimitExceeded');
  });
});
