import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  CreateImageCommand,
  CreateKeyPairCommand,
  CreateLaunchTemplateCommand,
  DescribeImagesCommand,
  DescribeLaunchTemplatesCommand,
} from '@aws-sdk/client-ec2';
import { DescribeLoadBalancersCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { until } from '@golden-pipeline/shared/testing/until';
import { execa } from 'execa';
import { type CloudDescriptor, readCloud, spawnCloud, stopCloud } from 'golden-pipeline-local-cloud/client';
import { isAlive } from 'golden-pipeline-local-cloud/machines';
import { account } from 'golden-pipeline-local-cloud/model';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Account } from '../../packages/local-cloud/test/behaviour/account.ts';
import { webServer } from '../../packages/local-cloud/test/behaviour/support.ts';
import { keepAddresses } from './support/keep-addresses.ts';
import { type Listed, processes, treeOf } from './support/process-tree.ts';

let dir: string;
let cloud: string;
const sessions: { kill(): unknown }[] = [];

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-kill-'));
  cloud = path.join(dir, 'cloud');
  await keepAddresses(cloud);
});

afterEach(async () => {
  for (const session of sessions.splice(0)) session.kill();
  await stopCloud(cloud);
  await rm(dir, { recursive: true, force: true });
});

const accountOf = ({ endpoint, region, accessKeyId, secretAccessKey }: CloudDescriptor) =>
  new Account({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });

/** What of a cloud runs: by its folder in the command line, and by descent from what has it there. */
const running = (): Listed[] => [
  ...new Map(
    processes()
      .filter(({ command }) => command.includes(cloud))
      .flatMap(({ pid }) => treeOf(pid))
      .map((one) => [one.pid, one]),
  ).values(),
];

/** Kills the daemon and waits for its own end, not for what it leaves behind. */
async function killDaemon(): Promise<Listed[]> {
  const daemon = readCloud(cloud);
  if (!daemon) return []; // and never kill(0), which is this test's own group
  const tree = treeOf(daemon.pid);
  process.kill(daemon.pid, 'SIGKILL');
  await until(
    () => readCloud(cloud),
    (leftovers) => !leftovers,
    { pause: () => setTimeout(2) },
  );
  return tree;
}

const served = async (url: string) => {
  try {
    return await (await fetch(url)).text();
  } catch {
    return undefined;
  }
};

it('CLD-PER-04 the next start ends all processes that a daemon killed with SIGKILL has left, and restores its state', async () => {
  const one = accountOf(await spawnCloud({ dir: cloud }));
  const { KeyMaterial = '' } = await one.ec2.send(new CreateKeyPairCommand({ KeyName: 'key', KeyType: 'ed25519' }));
  const key = path.join(dir, 'key');
  await writeFile(key, KeyMaterial, { mode: 0o600 });
  const LaunchTemplateData = { ImageId: account.baseImageId, KeyName: 'key', UserData: webServer };
  await one.ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: 'web', LaunchTemplateData }));
  const targets = await one.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
  await one.listener(targets);
  const group = await one.group(2, {
    LaunchTemplate: { LaunchTemplateName: 'web', Version: '1' },
    TargetGroupARNs: [targets],
  });
  const url = async (from: Account) => {
    const { LoadBalancers } = await from.elb.send(new DescribeLoadBalancersCommand({}));
    return `http://${LoadBalancers?.[0]?.DNSName}:8000/`;
  };
  const healthy = async (from: Account) => {
    const members = await from.members(group);
    const states = await Promise.all(members.map(async ({ InstanceId = '' }) => from.health(targets, InstanceId)));
    return states.filter((one) => one?.state === 'healthy').length;
  };
  const serves = async (from: Account) => {
    await from.until(
      () => healthy(from),
      (count) => count === 2,
      60_000,
    );
    expect(await served(await url(from))).toMatch(/^127\./);
  };
  await serves(one);
  const [first] = await one.members(group);
  const before = await one.instance(first?.InstanceId ?? '');
  const image = await one.baked(before.InstanceId ?? '');
  await one.s3.send(
    new CreateBucketCommand({ Bucket: 'ledger', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
  );
  await one.s3.send(new PutObjectCommand({ Bucket: 'ledger', Key: 'runs/1', Body: 'done' }));
  // A session that is kept open, with a command of its own on the machine.
  const ssh = [
    '-F',
    'none',
    '-i',
    key,
    '-p',
    '2222',
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
  ];
  sessions.push(
    execa('ssh', [...ssh, `${userInfo().username}@${before.PrivateIpAddress}`, 'sleep 1234'], { reject: false }),
  );
  await one.until(
    async () => running().map(({ command }) => command),
    (commands) => commands.includes('sleep 1234'),
  );
  // In the middle of a bake and of boots.
  const { ImageId: cut = '' } = await one.ec2.send(
    new CreateImageCommand({ InstanceId: before.InstanceId, Name: 'cut', NoReboot: true }),
  );
  const { InstanceId: late = '' } = await one.run({ ImageId: image });
  one.disconnect();

  const names = new Set(running().map(({ name }) => name));
  for (const name of ['bwrap', 'runsvdir', 'haproxy', 'sshd']) expect(names).toContain(name);
  const tree = await killDaemon();
  expect(tree.length).toBeGreaterThan(10);
  // As if its record had not been written yet.
  await mkdir(path.join(cloud, 'machines', 'i-0123456789abcdef0', 'root'), { recursive: true });

  const two = accountOf(await spawnCloud({ dir: cloud }));
  await two.until(
    async () => tree.filter(isAlive).map(({ pid, command }) => `${pid} ${command}`),
    (leftovers) => leftovers.length === 0,
  );
  await serves(two);
  const after = await two.instance(before.InstanceId ?? '');
  expect(after).toMatchObject({ State: { Name: 'running' }, PrivateIpAddress: before.PrivateIpAddress });
  expect((await two.image(image)).State).toBe('available');
  expect((await two.image(cut)).State).toBe('failed');
  expect((await two.ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates).toHaveLength(2);
  const { Body } = await two.s3.send(new GetObjectCommand({ Bucket: 'ledger', Key: 'runs/1' }));
  expect(await Body?.transformToString()).toBe('done');
  await two.reached(late, 'running');
  two.disconnect();

  // Killed again: when it runs, and in the middle of its next starts.
  const trees: Listed[] = await killDaemon();
  for (const timeoutMs of [100, 200, 400]) {
    const begun = await spawnCloud({ dir: cloud, timeoutMs }).catch(() => undefined);
    if (begun) trees.push(...(await killDaemon()));
  }
  // And as soon as a machine's sandbox is there, which has not asked yet to die with its parent.
  for (let round = 0; round < 3; round++) {
    const begun = spawnCloud({ dir: cloud }).catch(() => undefined);
    const starting = () => {
      const all = processes();
      const isDaemon = (pid: number) =>
        all.some((one) => one.pid === pid && `${one.command} `.includes(`--dir ${cloud} `));
      return all.find((one) => one.command.includes(`${cloud}/machines`) && isDaemon(one.parent))?.parent;
    };
    const daemon = (await until(starting, Boolean, { seconds: 60, pause: () => setImmediate() })) as number;
    process.kill(daemon, 'SIGKILL');
    if (await begun) trees.push(...(await killDaemon()));
  }
  await spawnCloud({ dir: cloud });
  const three = accountOf(readCloud(cloud) as CloudDescriptor);
  await serves(three);
  const disks = (await readdir(path.join(cloud, 'machines'))).sort();
  expect(disks).toEqual([...(await three.members(group)).map(({ InstanceId = '' }) => InstanceId), late].sort());
  const { pid = 0 } = readCloud(cloud) ?? {};
  await three.until(
    async () => trees.filter(isAlive).map((one) => `${one.pid} ${one.command}`),
    (leftovers) => leftovers.length === 0,
  );
  // Asked again, as machines that run start and end processes between the two looks.
  const strays = async () => {
    const all = running();
    const own = new Set(treeOf(pid).map((one) => one.pid));
    return all.filter((one) => !own.has(one.pid));
  };
  await three.until(strays, (leftovers) => leftovers.length === 0);
  expect((await three.ec2.send(new DescribeImagesCommand({}))).Images).toHaveLength(3);
  three.disconnect();
});

it('CLD-PER-05 processes that a killed daemon has left exit by themselves or at the next stop', async () => {
  const one = accountOf(await spawnCloud({ dir: cloud }));
  await one.running();
  one.disconnect();
  const tree = await killDaemon();
  expect(await stopCloud(cloud)).toBe(false);
  await one.until(
    async () => [...tree.filter(isAlive), ...running()].map(({ pid, command }) => `${pid} ${command}`),
    (leftovers) => leftovers.length === 0,
  );
});
