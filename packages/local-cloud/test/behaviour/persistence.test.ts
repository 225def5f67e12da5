import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateImageCommand,
  CreateKeyPairCommand,
  DescribeKeyPairsCommand,
  DescribeLaunchTemplatesCommand,
} from '@aws-sdk/client-ec2';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { startLocalCloud } from '../../src/daemon/cloud.ts';
import { account } from '../../src/settings.ts';
import { drivers, patiently, World } from './support.ts';

const CreateBucketConfiguration = { LocationConstraint: account.region } as const;

describe.each(drivers)('a cloud of $driver machines', patiently, ({ driver }) => {
  it('CLD-PER-01 has its resources, endpoint and key again after a stop', async () => {
    const first = await World.onTheWire({ driver });
    const group = await first.group(2);
    const [member] = await first.members(group);
    const image = await first.baked(member?.InstanceId ?? '');
    await first.ec2.send(new CreateKeyPairCommand({ KeyName: 'key', KeyType: 'ed25519' }));
    await first.s3.send(new CreateBucketCommand({ Bucket: 'ledger', CreateBucketConfiguration }));
    await first.s3.send(new PutObjectCommand({ Bucket: 'ledger', Key: 'run', Body: 'done' }));
    const before = await first.members(group);
    await first.stop();

    const second = await World.onTheWire({ driver, dir: first.dir });
    const { endpoint, credentials, block } = second.cloud;
    expect({ endpoint, credentials, block }).toEqual({
      endpoint: first.cloud.endpoint,
      credentials: first.cloud.credentials,
      block: first.cloud.block,
    });
    const members = await second.inService(group, 2);
    expect(members.map((one) => one.InstanceId)).toEqual(before.map((one) => one.InstanceId));
    expect((await second.image(image)).State).toBe('available');
    expect((await second.ec2.send(new DescribeKeyPairsCommand({}))).KeyPairs).toHaveLength(1);
    expect((await second.ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates).toHaveLength(1);
    const { Body } = await second.s3.send(new GetObjectCommand({ Bucket: 'ledger', Key: 'run' }));
    expect(await Body?.transformToString()).toBe('done');
    await second.close();
    expect([...first.reports, ...second.reports]).toEqual([]);
  });
});

describe('the state of a cloud', () => {
  it('CLD-PER-02 has on disk each change that was answered', async () => {
    const world = await World.onTheWire();
    const id = await world.running();
    const { ImageId = '' } = await world.ec2.send(new CreateImageCommand({ InstanceId: id, Name: 'just-begun' }));
    expect(await readFile(join(world.dir, 'state.json'), 'utf8')).toContain(ImageId);
    const name = await world.group(1);
    expect(await readFile(join(world.dir, 'state.json'), 'utf8')).toContain(`"${name}"`);
    await world.close();
  });

  it('CLD-PER-03 is never begun anew over a damaged file', async () => {
    const world = await World.onTheWire();
    await world.stop();
    const file = join(world.dir, 'state.json');
    await writeFile(file, '{"version":1,"state":');
    await expect(startLocalCloud({ dir: world.dir, driver: 'simulated' })).rejects.toThrow(file);
    expect(await readFile(file, 'utf8')).toBe('{"version":1,"state":');
    await world.close();
  });

  it('CLD-PER-06 decides which disks and image data there are: others are deleted at the start', async () => {
    const first = await World.onTheWire({ driver: 'sandbox' });
    const id = await first.running();
    const image = await first.baked(id);
    await first.stop();
    const stray = ['machines/i-0123456789abcdef0/root', 'images/ami-0123456789abcdef0', `images/${image}.part`];
    for (const folder of stray) await mkdir(join(first.dir, folder), { recursive: true });
    const second = await World.onTheWire({ driver: 'sandbox', dir: first.dir });
    expect(await readdir(join(first.dir, 'machines'))).toEqual([id]);
    expect((await readdir(join(first.dir, 'images'))).sort()).toEqual([account.baseImageId, image].sort());
    await second.close();
  });

  it('CLD-PER-07 says nothing of the health of targets: their checks begin anew', async () => {
    const first = await World.onTheWire();
    const targets = await first.targetGroup();
    await first.listener(targets);
    const group = await first.group(1, { TargetGroupARNs: [targets] });
    const [{ InstanceId = '' } = {}] = await first.members(group);
    const healthy = (world: World) =>
      world.until(
        () => world.health(targets, InstanceId),
        (one) => one?.state === 'healthy',
      );
    await healthy(first);
    await first.stop();
    const second = await World.onTheWire({ dir: first.dir });
    expect((await second.health(targets, InstanceId))?.state).toBe('initial');
    await healthy(second);
    expect((await second.members(group)).map((one) => one.InstanceId)).toEqual([InstanceId]);
    await second.close();
  });
});
