import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withoutBoto3 } from '@golden-pipeline/shared/testing/debian-python';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { eachWithCloud } from './support.ts';

/** Debian's `ansible` brings the collections; `ansible-core` alone has none. */
const listed = spawnSync('ansible-doc', ['--type', 'module', '--list', 'amazon.aws'], { encoding: 'utf8' });
const missing =
  listed.status === 0 && listed.stdout.includes('amazon.aws.autoscaling_group')
    ? withoutBoto3
    : " (skipped: needs Debian's ansible, npm run setup -- --with-tests)";

const visit = eachWithCloud('ansible-aws');

it.skipIf(missing !== '')(
  `Ansible's amazon.aws and community.aws modules make a fleet, refresh it and take it down${missing}`,
  async () => {
    const { cloud, dir } = visit;
    const publicKey = path.join(dir, 'key.pub');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'tour', '-f', path.join(dir, 'key')]);
    const { endpoint, region, credentials } = cloud;
    const vars = {
      ...{ endpoint, region, access_key: credentials.accessKeyId, secret_key: credentials.secretAccessKey },
      ...{ base: account.baseImageId, vpc: account.vpcId, subnets: Object.values(account.subnets) },
      ...{ public_key: publicKey, out: path.join(dir, 'out.json') },
    };
    const env = { HOME: dir, ANSIBLE_LOCAL_TEMP: path.join(dir, 'tmp'), AWS_EC2_METADATA_DISABLED: 'true' };
    const settings = { ANSIBLE_NOCOLOR: '1', ANSIBLE_STDOUT_CALLBACK: 'yaml', ANSIBLE_LOCALHOST_WARNING: 'false' };
    await writeFile(path.join(dir, 'vars.json'), JSON.stringify(vars), { mode: 0o600 });
    const playbook = path.join(import.meta.dirname, 'tour.yml');
    const { exitCode, all } = await execa('ansible-playbook', [playbook, '--extra-vars', '@vars.json'], {
      ...{ cwd: dir, env: { ...env, ...settings }, reject: false, all: true, stdin: 'ignore' },
    });
    expect(exitCode, all).toBe(0);
    expect(JSON.parse(await readFile(vars.out, 'utf8'))).toEqual({
      groups: [true, false],
      instances: 2,
      image: 'available',
      templates: [1, 2],
      rules: 2,
      healthy: 2,
      again: false,
      refresh: 'Successful',
    });
    const { counts } = cloud.status();
    expect(counts).toMatchObject({ instances: 0, groups: 0, targetGroups: 0, loadBalancers: 0, launchTemplates: 0 });
  },
  400_000,
);
