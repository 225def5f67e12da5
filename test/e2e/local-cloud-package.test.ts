import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './support/world.ts';

// What a program has that uses the local cloud alone: a folder of its own, the tarball, a client of the SDK.
let dir: string;
let project: string;
const installed = () => path.join(project, 'node_modules/golden-pipeline-local-cloud');
const npmOptions = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-local-cloud-'));
  project = path.join(dir, 'program');
  await mkdir(project);
  await execa('npm', ['run', '--silent', 'pack:local-cloud'], { cwd: root });
  const packed = path.join(root, 'packages/local-cloud/dist');
  await execa('npm', ['pack', '--silent', '--pack-destination', dir], { cwd: packed });
  const tarball = (await readdir(dir)).find((name) => name.endsWith('.tgz')) ?? '';
  await writeFile(path.join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const sdk = ['client-auto-scaling', 'client-ec2'].map((name) => {
    const full = `@aws-sdk/${name}`;
    return `${full}@${manifest.devDependencies[full]}`;
  });
  await execa('npm', ['install', ...npmOptions, path.join(dir, tarball), ...sdk], { cwd: project });
  // The types of Node are the program's own; so is the compiler.
  await mkdir(path.join(project, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types']) {
    await symlink(path.join(root, 'node_modules', name), path.join(project, 'node_modules', name));
  }
});
afterAll(async () => {
  const stop = "import { stopCloud } from 'golden-pipeline-local-cloud/client'; await stopCloud('cloud');";
  await execa(process.execPath, ['--input-type=module', '--eval', stop], { cwd: project, reject: false });
  await rm(dir, { recursive: true, force: true });
});

/** Runs what a program was compiled to. @returns what it printed last, as JSON */
async function run(name: string): Promise<unknown> {
  const env = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  const { stdout } = await execa(process.execPath, [`${name}.js`], { cwd: project, env });
  return JSON.parse(stdout.split('\n').at(-1) ?? '');
}

describe('the installed package of the local cloud', () => {
  it('brings no other package along, and the files that its pages link to', async () => {
    const { dependencies, peerDependencies } = JSON.parse(
      await readFile(path.join(installed(), 'package.json'), 'utf8'),
    );
    expect({ dependencies, peerDependencies }).toEqual({});
    const files = await readdir(installed());
    expect(files).toEqual(expect.arrayContaining(['BEHAVIOUR.md', 'LICENSE', 'README.md', 'third-party-licenses.txt']));
    const text = await readFile(path.join(installed(), 'README.md'), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => target);
    expect(files).toEqual(expect.arrayContaining(links));
  });

  it('has types that a strict check of programs passes, those of its README among them', async () => {
    const text = await readFile(path.join(installed(), 'README.md'), 'utf8');
    const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block);
    expect(blocks).toHaveLength(3);
    const programs = {
      wire,
      direct,
      ...Object.fromEntries(blocks.map((block, n) => [`readme-${n}`, inProject(block)])),
    };
    for (const [name, source] of Object.entries(programs)) await writeFile(path.join(project, `${name}.ts`), source);
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const strict = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--noUncheckedIndexedAccess'];
    const names = Object.keys(programs).map((name) => `${name}.ts`);
    const checked = await execa(process.execPath, [tsc, ...strict, ...names], {
      cwd: project,
      reject: false,
      all: true,
    });
    expect(checked.all).toBe('');
    expect(checked.exitCode).toBe(0);
  });

  it('starts a cloud in the same process and in one of its own, with faults from the control client', async () => {
    expect(await run('wire')).toEqual({
      launched: 'pending',
      refused: 'InsufficientInstanceCapacity',
      hits: 1,
      calls: 2,
      stopped: true,
      inProcess: ['golden-base-1'],
    });
  });

  it('serves clients directly on virtual time, with the errors of their own classes', async () => {
    expect(await run('direct')).toEqual({ images: 1, passed: 3_600_000, isOwnClass: true });
  });

  it.each([0, 1, 2])('runs program %i of its README', async (n) => {
    expect(await run(`readme-${n}`)).toBe('done');
  });

  it('runs as a program', async () => {
    const daemon = execa(path.join(project, 'node_modules/.bin/golden-pipeline-local-cloud'), [
      ...['--dir', path.join(dir, 'program-cloud'), '--driver', 'simulated'],
    ]);
    try {
      const report = await new Promise<string>((resolve, reject) => {
        daemon.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
        daemon.catch(reject);
      });
      expect(JSON.parse(report)).toEqual({ ready: true });
    } finally {
      daemon.kill('SIGTERM');
    }
    expect((await daemon).exitCode).toBe(0);
  });
});

/** A program of the README that keeps its state in the project, and says when it has come to its end. */
function inProject(block: string): string {
  return `${block.replaceAll('/tmp/rehearsal', 'rehearsal')}console.log(JSON.stringify('done'));\n`;
}

const wire = `import { DescribeImagesCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { account, type LocalCloud, startLocalCloud } from 'golden-pipeline-local-cloud';
import { type CloudDescriptor, controlClient, type FaultRequest, readCloud, spawnCloud, stopCloud } from 'golden-pipeline-local-cloud/client';

const cloud: CloudDescriptor = await spawnCloud({ dir: 'cloud', driver: 'simulated' });
const { endpoint, region, accessKeyId, secretAccessKey } = cloud;
const ec2 = new EC2Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
const launch = new RunInstancesCommand({ ImageId: account.baseImageId, MinCount: 1, MaxCount: 1 });
const launched = (await ec2.send(launch)).Instances?.[0]?.State?.Name;

const found = readCloud('cloud');
if (!found) throw new Error('no cloud');
const control = controlClient(found);
const fault: FaultRequest = { kind: 'insufficient-capacity', count: 1 };
await control.addFault(fault);
// @ts-expect-error a kind that does not exist
const wrong: FaultRequest = { kind: 'earthquake' };
const again = new RunInstancesCommand({ ImageId: account.baseImageId, MinCount: 1, MaxCount: 1 });
const refused = await ec2.send(again).then(() => wrong.kind, (error: Error) => error.name);
const [{ hits } = { hits: 0 }] = await control.faults();
const calls = (await control.calls({ operation: 'RunInstances' })).calls.length;
const stopped = await stopCloud('cloud');

const own: LocalCloud = await startLocalCloud({ dir: 'own', driver: 'simulated' });
const { Images = [] } = await new EC2Client(own).send(new DescribeImagesCommand({ Owners: ['self'] }));
await own.close();
const inProcess = Images.map(({ Name }) => Name);
console.log(JSON.stringify({ launched, refused, hits, calls, stopped, inProcess }));
`;

const direct = `import { AutoScalingClient, CancelInstanceRefreshCommand, CreateAutoScalingGroupCommand, ActiveInstanceRefreshNotFoundFault } from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateCommand, DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { account, startDirectCloud, VirtualClock } from 'golden-pipeline-local-cloud';
import type { CloudState } from 'golden-pipeline-local-cloud/model';

const clock = new VirtualClock();
const cloud = await startDirectCloud({ clock, seed: 7, delays: 'aws' });
const ec2 = cloud.connect(new EC2Client({ region: cloud.region }));
const autoscaling = cloud.connect(new AutoScalingClient({ region: cloud.region }));
await ec2.send(new DescribeImagesCommand({}));
const state: CloudState = cloud.state();
const before = clock.now();
console.error('an hour of the cloud begins');
await clock.sleep(3_600_000);
const passed = clock.now() - before;
const LaunchTemplateName = 'api';
await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData: { ImageId: account.baseImageId } }));
const AutoScalingGroupName = 'api';
const sizes = { MinSize: 0, MaxSize: 0, AvailabilityZones: ['eu-west-1a'] };
await autoscaling.send(new CreateAutoScalingGroupCommand({ AutoScalingGroupName, LaunchTemplate: { LaunchTemplateName }, ...sizes }));
const isOwnClass = await autoscaling
  .send(new CancelInstanceRefreshCommand({ AutoScalingGroupName }))
  .then(() => false, (error: unknown) => error instanceof ActiveInstanceRefreshNotFoundFault);
cloud.close();
console.log(JSON.stringify({ images: Object.keys(state.images).length, passed, isOwnClass }));
`;
