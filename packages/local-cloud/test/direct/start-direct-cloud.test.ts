import { CreateImageCommand, DescribeInstancesCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import {
  CreateLoadBalancerCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { S3Client } from '@aws-sdk/client-s3';
import { VirtualClock } from '@golden-pipeline/shared/virtual-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DirectCloud, type DirectCloudOptions, startDirectCloud } from '../../src/direct/start-direct-cloud.ts';
import { account } from '../../src/settings.ts';
import { World } from '../behaviour/support.ts';

const options = { region: account.region, credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 5 };
const one = { ImageId: account.baseImageId, MinCount: 1, MaxCount: 1 };
let clock: VirtualClock;
let cloud: DirectCloud;
let ec2: EC2Client;

async function start(more: DirectCloudOptions = {}) {
  clock = new VirtualClock();
  cloud = await startDirectCloud({ clock, ...more });
  ec2 = cloud.connect(new EC2Client(options));
}
beforeEach(() => start());
afterEach(() => cloud.close());

const instances = async () => {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances);
};
const record = (operation: string) => cloud.calls.report({ operation }).calls.map(({ code }) => code ?? 'ok');
const failure = (call: Promise<unknown>) => call.then(String, (error: unknown) => error as Error);

describe('a call whose answer is lost', () => {
  it('is made once more with the same token, so that the change is there once', async () => {
    cloud.faults.add({ kind: 'cut-after', operation: 'RunInstances', count: 1 });
    const { Instances = [] } = await ec2.send(new RunInstancesCommand(one));
    expect(record('RunInstances')).toEqual(['ConnectionCut', 'ok']);
    expect((await instances()).map(({ InstanceId }) => InstanceId)).toEqual([Instances[0]?.InstanceId]);
  });

  it('finds its own change where there is no token', async () => {
    const { Instances = [] } = await ec2.send(new RunInstancesCommand(one));
    const { InstanceId } = Instances[0] ?? {};
    await clock.sleep(5_000);
    cloud.faults.add({ kind: 'cut-after', operation: 'CreateImage', count: 1 });
    const error = await failure(ec2.send(new CreateImageCommand({ InstanceId, Name: 'twice' })));
    expect(error).toMatchObject({ name: 'InvalidAMIName.Duplicate' });
    expect(Object.values(cloud.state().images).filter(({ name }) => name === 'twice')).toHaveLength(1);
  });
});

describe('a call that is refused', () => {
  it('is tried again when it is throttled, after the waits of the SDK, on virtual time', async () => {
    cloud.faults.add({ kind: 'error', operation: 'DescribeInstances', code: 'RequestLimitExceeded', count: 3 });
    const began = clock.now();
    await instances();
    expect(record('DescribeInstances')).toEqual([...Array(3).fill('RequestLimitExceeded'), 'ok']);
    expect(clock.now()).toBeGreaterThan(began);
  });

  it('is an error after as many attempts as the client makes', async () => {
    cloud.faults.add({ kind: 'cut-before', operation: 'DescribeInstances' });
    expect(await failure(instances())).toMatchObject({ code: 'ECONNRESET', $metadata: { attempts: 5 } });
    expect(record('DescribeInstances')).toEqual(Array(5).fill('ConnectionCut'));
  });

  it('is refused as on the wire: with the same name and the same words', async () => {
    const world = await World.onTheWire();
    try {
      const elb = cloud.connect(new ElasticLoadBalancingV2Client(options));
      const name = { Name: 'one', Subnets: Object.values(account.subnets) };
      const refused = [
        (clients: { ec2: EC2Client }) => clients.ec2.send(new RunInstancesCommand({ ...one, ImageId: undefined })),
        (clients: { ec2: EC2Client }) => clients.ec2.send(new RunInstancesCommand({ ...one, DryRun: true })),
        (clients: { ec2: EC2Client }) => clients.ec2.send(new CreateImageCommand({ InstanceId: 'i-1', Name: 'x' })),
        ({ elb }: { elb: ElasticLoadBalancingV2Client }) => elb.send(new CreateLoadBalancerCommand({ Name: '' })),
        ({ elb }: { elb: ElasticLoadBalancingV2Client }) =>
          elb
            .send(new CreateLoadBalancerCommand(name))
            .then(() => elb.send(new CreateLoadBalancerCommand({ ...name, Scheme: 'internal' }))),
        ({ elb }: { elb: ElasticLoadBalancingV2Client }) =>
          elb.send(new DescribeTargetGroupsCommand({ Names: ['none'] })),
      ];
      for (const call of refused) {
        const [here, there] = [await failure(call({ ec2, elb })), await failure(call(world))] as [Error, Error];
        expect({ name: here.name, message: here.message }).toEqual({ name: there.name, message: there.message });
      }
    } finally {
      await world.close();
    }
  });
});

it('records that a caller has been given are copies', async () => {
  await ec2.send(new RunInstancesCommand(one));
  const [given] = await instances();
  if (given?.State) given.State.Name = 'terminated';
  expect((await instances())[0]?.State?.Name).toBe('pending');
});

it('a client of a service that is served on the wire only is refused', () => {
  expect(() => cloud.connect(new S3Client(options))).toThrow('S3 is served on the wire only');
});

describe('chance', () => {
  /** What a caller sees of a cloud that cuts off, throttles and slows down half of its calls. */
  async function story(seed: number) {
    const often = { operation: 'DescribeInstances', rate: 0.5 } as const;
    const faults = [
      { kind: 'cut-after', ...often },
      { kind: 'latency', delayMs: 700, ...often },
    ] as const;
    await start({ seed, faults });
    for (let call = 0; call < 20; call++) await failure(instances());
    return cloud.calls.report({}).calls.map(({ at, ms, code }) => `${at} ${ms} ${code ?? 'ok'}`);
  }

  it('is the same for the same seed, to the millisecond', async () => {
    const first = await story(7);
    expect(first.some((line) => line.endsWith('ConnectionCut'))).toBe(true);
    expect(await story(7)).toEqual(first);
    expect(await story(8)).not.toEqual(first);
  });
});
