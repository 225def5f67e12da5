import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { buildBase } from '../../src/base-image/build.ts';
import type { Services } from '../../src/fleet/services.ts';

let dir: string;
const ec2 = mockClient(EC2Client);
const autoScaling = mockClient(AutoScalingClient);
afterAll(() => {
  ec2.restore();
  autoScaling.restore();
});

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-build-base-'));
  // In Packer's place: writes down what it was called with, and fails.
  await writeFile(
    path.join(dir, 'packer'),
    '#!/bin/sh\nprintf "%s\\n" "$@" "$PKR_VAR_project_commit" > "$(dirname "$0")/argv"\nexit 1\n',
    {
      mode: 0o755,
    },
  );
  vi.stubEnv('PATH', `${dir}:${process.env.PATH}`);
  ec2.reset();
  autoScaling.reset();
  ec2.on(DescribeImagesCommand).resolves({ Images: [{ ImageId: 'ami-1', Name: 'golden-base-1', State: 'available' }] });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

/** Builds in a project; `said` gets the lines that are printed. */
function build(configured: string[], projectDir = dir, said: string[] = []) {
  const options = { region: 'eu-west-1' };
  const services = {
    fleet: {
      ...{ app: 'api', environment: 'production', projectDir, names: { group: 'api-production' } },
      ansible: { playbook: '', files: [], variables: {} },
      instance: { type: 't3.small', baseImage: 'golden-base-*', subnetIds: configured },
      ...{ ssh: { user: 'admin', port: 22, become: true }, release: { pollSeconds: 5 } },
    },
    aws: { ec2: new EC2Client(options), autoScaling: new AutoScalingClient(options) },
    ...{ workDir: dir, by: 'tester@here', target: options },
  } as unknown as Services & { target: { region: string } };
  return buildBase(services, new ManualClock(), { onLine: (line) => said.push(line) });
}

/** The subnet that Packer is told, and what is said of it. */
async function subnetOf(configured: string[], projectDir?: string): Promise<{ subnet?: string; said: string }> {
  const said: string[] = [];
  await expect(build(configured, projectDir, said)).rejects.toMatchObject({ code: 'packer.failed' });
  const argv = (await readFile(path.join(dir, 'argv'), 'utf8')).split('\n');
  return {
    subnet: argv.find((one) => one.startsWith('subnet_id='))?.slice('subnet_id='.length),
    said: said.join('\n'),
  };
}

it("Packer runs from the project's last commit, without uncommitted changes", async () => {
  const git = (...argv: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-C', dir, ...argv])
      .toString()
      .trim();
  const template = path.join(dir, 'project/packer/base.pkr.hcl');
  await mkdir(path.dirname(template), { recursive: true });
  await writeFile(template, 'one');
  git('init', '-q', path.join(dir, 'project'));
  git('-C', path.join(dir, 'project'), 'add', '.');
  git('-C', path.join(dir, 'project'), 'commit', '-q', '-m', 'one');
  const commit = git('-C', path.join(dir, 'project'), 'rev-parse', 'HEAD');
  await subnetOf(['subnet-7'], path.join(dir, 'project'));
  const called = await readFile(path.join(dir, 'argv'), 'utf8');
  expect(called).toContain(path.join(dir, `project-${commit.slice(0, 12)}`, 'packer'));
  expect(called).toContain(`\n${commit}\n`);

  await writeFile(template, 'two');
  await expect(build(['subnet-7'], path.join(dir, 'project'))).rejects.toMatchObject({
    code: 'git.dirty',
    details: [expect.stringContaining('packer/base.pkr.hcl')],
  });
});

it('a base image is built in the configured subnet', async () => {
  expect(await subnetOf(['subnet-7', 'subnet-8'])).toEqual({ subnet: 'subnet-7', said: '' });
  expect(autoScaling.calls()).toEqual([]);
});

it('a base image is built in the network of the fleet, if there is one', async () => {
  autoScaling.on(DescribeAutoScalingGroupsCommand, { AutoScalingGroupNames: ['api-production'] }).resolves({
    AutoScalingGroups: [
      {
        ...{
          AutoScalingGroupName: 'api-production',
          MinSize: 1,
          MaxSize: 2,
          DesiredCapacity: 1,
          CreatedTime: new Date(0),
        },
        ...{ DefaultCooldown: 0, AvailabilityZones: ['eu-west-1a'], HealthCheckType: 'ELB' },
        VPCZoneIdentifier: 'subnet-1,subnet-2',
      },
    ],
  });
  expect(await subnetOf([])).toEqual({ subnet: 'subnet-1', said: '' });
});

it('a base image is built in the default network before there is a fleet, which is reported', async () => {
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });
  const { subnet, said } = await subnetOf([]);
  expect(subnet).toBe('');
  expect(said).toContain('there is no group api-production yet');
  expect(said).toContain('instance.subnetIds');
});
