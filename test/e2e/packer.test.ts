import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  waitUntilInstanceRunning,
} from '@aws-sdk/client-ec2';
import { execa } from 'execa';
import { type LocalCloud, startLocalCloud } from 'golden-pipeline-local-cloud';
import { account } from 'golden-pipeline-local-cloud/model';
import { afterEach, beforeEach, expect, it } from 'vitest';

/** Debian's Packer still has `amazon-ebs` built in; later ones load it as a plugin from the network. */
const packer = await execa('packer', ['version'], { reject: false });
const version = /Packer v(\S+)/.exec(packer.stdout ?? '')?.[1];
const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
const builtIn = version !== undefined && major === 1 && minor < 10;
const ansible = (await execa('ansible-playbook', ['--version'], { reject: false })).exitCode === 0;
const found = version === undefined ? 'it is not installed' : `${version} has no builders of its own`;
const skipped = builtIn ? '' : ` (skipped: needs Debian's packer 1.6.6, ${found})`;

let dir: string;
let cloud: LocalCloud;
let ec2: EC2Client;
const reports: unknown[] = [];

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-packer-'));
  cloud = await startLocalCloud({ dir: path.join(dir, 'cloud'), report: (error) => reports.push(error) });
  const { endpoint, region, credentials } = cloud;
  ec2 = new EC2Client({ endpoint, region, credentials: { ...credentials } });
});

afterEach(async () => {
  ec2.destroy();
  await cloud.close();
  await rm(dir, { recursive: true, force: true });
  expect(reports.splice(0)).toEqual([]);
});

const marker = '/srv/packed';

const playbook = `
- hosts: all
  gather_facts: false
  tasks:
    - copy: { content: "by ansible\\n", dest: ${marker}, mode: "0644" }
`;

async function build(provisioners: object[]): Promise<string> {
  const builder = {
    type: 'amazon-ebs',
    access_key: cloud.credentials.accessKeyId,
    secret_key: cloud.credentials.secretAccessKey,
    region: cloud.region,
    custom_endpoint_ec2: cloud.endpoint,
    skip_region_validation: true,
    skip_metadata_api_check: true,
    source_ami_filter: { filters: { name: account.baseImageName }, owners: ['self'], most_recent: true },
    instance_type: 't3.micro',
    ami_name: 'packed-1',
    ami_description: 'made by Packer',
    tags: { app: 'api' },
    snapshot_tags: { app: 'api' },
    run_tags: { Name: 'packing' },
    ssh_interface: 'private_ip',
    ssh_username: userInfo().username,
    ssh_port: 2222,
    ssh_timeout: '1m',
  };
  const template = path.join(dir, 'template.json');
  await writeFile(template, JSON.stringify({ builders: [builder], provisioners }));
  const home = path.join(dir, 'home');
  await mkdir(home);
  const { all, exitCode } = await execa('packer', ['build', '-color=false', template], {
    all: true,
    reject: false,
    cwd: dir,
    stdin: 'ignore',
    env: {
      HOME: home,
      CHECKPOINT_DISABLE: '1',
      PACKER_CONFIG_DIR: home,
      AWS_POLL_DELAY_SECONDS: '1',
      ANSIBLE_LOCAL_TEMP: path.join(dir, 'tmp'),
    },
  });
  if (exitCode !== 0) throw new Error(`packer exited with ${exitCode}\n${all}`);
  const id = /^eu-west-1: (ami-\w+)$/m.exec(all ?? '')?.[1];
  if (!id) throw new Error(`packer names no image\n${all}`);
  return id;
}

/** What the file that the provisioner has written says on a machine that was started from the image. */
async function readMarker(ImageId: string): Promise<string> {
  const UserData = Buffer.from(`#!/bin/sh\necho "packed: $(cat ${marker})"\n`).toString('base64');
  const { Instances } = await ec2.send(new RunInstancesCommand({ ImageId, MinCount: 1, MaxCount: 1, UserData }));
  const InstanceIds = [Instances?.[0]?.InstanceId ?? ''];
  await waitUntilInstanceRunning({ client: ec2, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { InstanceIds });
  const { Output = '' } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: InstanceIds[0], Latest: true }));
  return /packed: (.*)/.exec(Buffer.from(Output, 'base64').toString())?.[1] ?? '';
}

const shell = { type: 'shell', inline: [`mkdir -p /srv`, `echo 'by shell' > ${marker}`] };
const play = () => ({
  type: 'ansible',
  playbook_file: path.join(dir, 'playbook.yml'),
  user: userInfo().username,
  // Its own proxy only knows a kind of key that today's ssh refuses.
  use_proxy: false,
  ansible_env_vars: ['ANSIBLE_HOST_KEY_CHECKING=False'],
});

it.skipIf(!builtIn)(`amazon-ebs bakes an image that boots, and leaves nothing else behind${skipped}`, async () => {
  const ImageId = await build([shell]);
  const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }));
  expect(Images?.[0]).toMatchObject({
    Name: 'packed-1',
    State: 'available',
    Description: 'made by Packer',
    Tags: [{ Key: 'app', Value: 'api' }],
  });
  const SnapshotIds = [Images?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? ''];
  const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds }));
  expect(Snapshots?.[0]).toMatchObject({ State: 'completed', Tags: [{ Key: 'app', Value: 'api' }] });
  expect(await readMarker(ImageId)).toBe('by shell');

  const Filters = [{ Name: 'tag:Name', Values: ['packing'] }];
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ Filters }));
  expect(Reservations?.flatMap((one) => one.Instances ?? []).map((one) => one.State?.Name)).toEqual(['terminated']);
  expect((await ec2.send(new DescribeKeyPairsCommand({}))).KeyPairs).toEqual([]);
  const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  expect(SecurityGroups?.map((one) => one.GroupName)).toEqual(['default']);
});

const runsPlays = builtIn && ansible;
const noAnsible = builtIn && !ansible ? ' (skipped: needs ansible-playbook)' : skipped;
it.skipIf(!runsPlays)(`amazon-ebs with the Ansible provisioner bakes an image that boots${noAnsible}`, async () => {
  await writeFile(path.join(dir, 'playbook.yml'), playbook);
  const ImageId = await build([play()]);
  expect(await readMarker(ImageId)).toBe('by ansible');
});
