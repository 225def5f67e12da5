import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateKeyPairCommand,
  ModifyInstanceMetadataOptionsCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, patiently, type World } from '../behaviour/support.ts';
import { allowing, makeProfile } from '../iam/client.ts';

const exec = promisify(execFile);

/** What runs on a machine: the SDK's default chain of credentials, and nothing else that would say who it is. */
const reader = `
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
const client = new SSMClient({ region: 'eu-west-1', maxAttempts: 1 });
client
  .send(new GetParameterCommand({ Name: process.argv[2], WithDecryption: true }))
  .then(({ Parameter }) => console.log('read', Parameter.Value))
  .catch((error) => console.log('refused', error.name));
`;

describe('a machine and its metadata service', patiently, () => {
  let world: World;
  let dir: string;
  let keyFile: string;
  let ids: { web: string; bare: string };
  openWorld((opened) => (world = opened), { driver: 'sandbox' });

  const sshOptions = () => {
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'LogLevel=ERROR'];
    return ['-F', 'none', '-i', keyFile, ...options.flatMap((option) => ['-o', option])];
  };
  const ssh = async (id: string, command: string) => {
    const { PrivateIpAddress } = await world.instance(id);
    return (
      await exec('ssh', [...sshOptions(), '-p', '2222', `${userInfo().username}@${PrivateIpAddress}`, command])
    ).stdout.trim();
  };
  const token =
    'T=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/api/token)';
  /** What each path answers to a token, by one login: a login takes longer than what it asks for. */
  const get = async (id: string, ...paths: string[]) => {
    const ask = 'curl -sf -H "X-aws-ec2-metadata-token: $T" "$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/$path"';
    const told = await ssh(id, `${token}; for path in ${paths.join(' ')}; do ${ask}; echo; echo ----; done`);
    return told.split('\n----').map((text) => text.trim());
  };
  /** The status of each answer; `@` stands for the service's URL. */
  const status = async (id: string, ...requests: string[]) => {
    const asks = requests.map((words) => {
      return `curl -s -o /dev/null -w '%{http_code} ' ${words.replace('@', '$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest')}`;
    });
    return (await ssh(id, asks.join('; '))).trim();
  };
  /** Puts the program on the machine and runs it. */
  const read = async (id: string, name: string) => {
    const { PrivateIpAddress } = await world.instance(id);
    await exec('scp', [
      ...sshOptions(),
      '-P',
      '2222',
      '-q',
      join(dir, 'reader.cjs'),
      `${userInfo().username}@${PrivateIpAddress}:/srv/reader.cjs`,
    ]);
    return ssh(id, `node /srv/reader.cjs ${name}`);
  };
  const running = (more: Partial<RunInstancesCommandInput> = {}) => world.running({ KeyName: 'metadata', ...more });

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gp-metadata-'));
    await writeFile(join(dir, 'reader.mjs'), reader);
    await build({
      ...{ entryPoints: [join(dir, 'reader.mjs')], outfile: join(dir, 'reader.cjs'), bundle: true, minify: true },
      ...{
        platform: 'node',
        format: 'cjs',
        nodePaths: [join(createRequire(import.meta.url).resolve('@aws-sdk/client-ssm'), '../../../..')],
      },
    });
    const { KeyMaterial = '' } = await world.ec2.send(
      new CreateKeyPairCommand({ KeyName: 'metadata', KeyType: 'ed25519' }),
    );
    keyFile = join(dir, 'key');
    await writeFile(keyFile, KeyMaterial, { mode: 0o600 });
    await makeProfile(world.place, 'web', allowing(['ssm:GetParameter'], 'arn:aws:ssm:*:*:parameter/shop/*'));
    const ssm = new SSMClient(world.config());
    for (const Name of ['/shop/key', '/other/key']) {
      await ssm.send(new PutParameterCommand({ Name, Value: `value of ${Name}`, Type: 'SecureString' }));
    }
    const [web, bare] = await Promise.all([
      running({
        IamInstanceProfile: { Name: 'web' },
        MetadataOptions: { InstanceMetadataTags: 'enabled' },
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'app', Value: 'api' }] }],
        UserData: Buffer.from('#!/bin/sh\nenv | grep AWS_ > /root/first-boot\n').toString('base64'),
      }),
      running(),
    ]);
    ids = { web, bare };
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('EC2-IMD-01 gives a program of the SDK the credentials of its role, which read a SecureString', async () => {
    expect(await read(ids.web, '/shop/key')).toBe('read value of /shop/key');
    // The host has credentials in its environment, and a machine without a profile has none of them.
    process.env.AWS_ACCESS_KEY_ID = world.place.credentials.accessKeyId;
    expect(await read(ids.bare, '/shop/key')).toBe('refused CredentialsProviderError');
    delete process.env.AWS_ACCESS_KEY_ID;
    expect(await ssh(ids.bare, 'env | grep -c AWS_ACCESS || true')).toBe('0');
  });

  it('EC2-IMD-02 tells an instance of itself', async () => {
    const instance = await world.instance(ids.web);
    const plain = ['instance-id', 'ami-id', 'instance-type', 'local-ipv4', 'hostname', 'placement/availability-zone'];
    const more = ['placement/region', 'tags/instance/app', 'iam/security-credentials/'];
    expect(await get(ids.web, ...[...plain, ...more].map((path) => `meta-data/${path}`))).toEqual([
      ...[ids.web, instance.ImageId, instance.InstanceType, instance.PrivateIpAddress, instance.PrivateDnsName],
      ...['eu-west-1a', 'eu-west-1', 'api', 'web', ''],
    ]);
    const [info = '', keys = '', identity = '', userData, list = ''] = await get(
      ids.web,
      ...['meta-data/iam/info', 'meta-data/iam/security-credentials/web', 'dynamic/instance-identity/document'],
      ...['user-data', 'meta-data/'],
    );
    expect(JSON.parse(info)).toMatchObject({ Code: 'Success', InstanceProfileArn: instance.IamInstanceProfile?.Arn });
    expect(JSON.parse(keys)).toMatchObject({ Type: 'AWS-HMAC', AccessKeyId: expect.stringMatching(/^ASIA/) });
    expect(JSON.parse(identity)).toMatchObject({
      ...{ instanceId: ids.web, region: 'eu-west-1', accountId: '000000000000', privateIp: instance.PrivateIpAddress },
    });
    expect(userData).toContain('#!/bin/sh');
    expect(list.split('\n')).toEqual(expect.arrayContaining(['instance-id', 'placement/']));
    const absent = ['meta-data/iam/info', 'meta-data/tags/instance', 'user-data', 'meta-data/__proto__', 'other'];
    expect(await status(ids.bare, ...absent.map((path) => `@/${path}`))).toBe('404 404 404 404 404');
    expect(await ssh(ids.web, 'cat /root/first-boot')).toContain('AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.');
  });

  it('EC2-IMD-03 answers nobody but the processes of its own machine', async () => {
    const endpoint = await ssh(ids.web, 'echo $AWS_EC2_METADATA_SERVICE_ENDPOINT');
    // The host itself, which has the same network.
    expect((await fetch(`${endpoint}/latest/meta-data/instance-id`)).status).toBe(403);
    // Another machine.
    expect(await status(ids.bare, `${endpoint}/latest/meta-data/instance-id`, '@/meta-data/instance-id')).toBe(
      '403 200',
    );
    // A program that speaks IPv4 by a socket of IPv6 is the machine's all the same.
    const mapped = `node -e "require('http').get({host:'::ffff:'+new URL(process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT).hostname,port:new URL(process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT).port,path:'/latest/meta-data/instance-id'},r=>r.pipe(process.stdout))"`;
    expect(await ssh(ids.web, mapped)).toBe(ids.web);
  });

  it('EC2-IMD-04 wants tokens where they are required, and is off where it is switched off', async () => {
    const change = (options: object) =>
      world.ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId: ids.web, ...options }));
    const id = '@/meta-data/instance-id';
    const made = '-H "X-aws-ec2-metadata-token: made-up"';
    expect(await status(ids.web, id, `${made} ${id}`)).toBe('200 401');
    await change({ HttpTokens: 'required' });
    const put = (seconds: string, more = '') =>
      `-X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: ${seconds}" ${more} @/api/token`;
    const forwarded = put('60', '-H "X-Forwarded-For: 10.0.0.1"');
    expect(await status(ids.web, id, put('0'), put('21601'), forwarded, put('60'))).toBe('401 400 400 403 200');
    expect((await get(ids.web, 'meta-data/instance-id'))[0]).toBe(ids.web);
    const stolen = await ssh(ids.web, `${token}; echo $T`);
    expect(await status(ids.bare, `-H "X-aws-ec2-metadata-token: ${stolen}" ${id}`)).toBe('401');
    await change({ HttpEndpoint: 'disabled' });
    expect(await status(ids.web, id, put('60'))).toBe('403 403');
    await change({ HttpEndpoint: 'enabled', HttpTokens: 'optional' });
    expect(await read(ids.web, '/shop/key')).toBe('read value of /shop/key');
  });
});
