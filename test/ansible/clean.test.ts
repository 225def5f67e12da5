import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanPathProblem, sharedNameProblem } from '../../src/config/clean-paths.ts';

const files = new URL('../../ansible/roles/release/files/', import.meta.url).pathname;
const exec = promisify(execFile);

interface Rule {
  name: string;
  paths?: string[];
  lost?: boolean;
}
interface Settings {
  identity: Rule[];
  shared: string[];
  paths: unknown;
  made_at_boot: unknown;
  shared_names: unknown;
  keep: unknown;
}
const defaults = async (): Promise<Settings> => ({
  ...JSON.parse(await readFile(path.join(files, 'identity.json'), 'utf8')),
  ...{ paths: [], made_at_boot: [], shared_names: [], keep: [] },
});

let host: string;
beforeEach(async () => {
  host = await mkdtemp(path.join(tmpdir(), 'gp-clean-'));
  await put({ '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nadmin:x:1000:1000::/home/admin:/bin/bash\n' });
});
afterEach(() => rm(host, { recursive: true, force: true }));

/** Files of the host. */
async function put(entries: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(entries)) {
    await mkdir(path.dirname(host + name), { recursive: true });
    await writeFile(host + name, text);
  }
}

/** The files that are left. */
async function left(): Promise<string[]> {
  const found = await readdir(host, { recursive: true, withFileTypes: true });
  return found
    .filter((one) => !one.isDirectory())
    .map((one) => path.join(one.parentPath, one.name).slice(host.length))
    .filter((name) => name !== '/etc/passwd')
    .sort();
}

async function clean(settings: Partial<Settings> = {}, ...options: string[]): Promise<string[]> {
  const given = JSON.stringify({ ...(await defaults()), ...settings });
  const argv = [path.join(files, 'clean.py'), '/srv/api', given, `--host=${host}`, ...options];
  return (await exec('python3', argv)).stdout.split('\n').filter(Boolean);
}

describe('what one host has', () => {
  /** A file that a pattern matches. */
  const example = (pattern: string) => pattern.replaceAll('*', 'x');

  it('is removed by default, each of it, and what a boot does not make again is reported', async () => {
    const { identity } = await defaults();
    const rules = identity.filter((rule) => rule.paths);
    for (const rule of rules) await put(Object.fromEntries((rule.paths ?? []).map((one) => [example(one), 'x'])));
    const lost = rules.filter((rule) => rule.lost);
    const expected = lost.flatMap(({ name, paths = [] }) => paths.map((one) => `lost: ${name}: ${example(one)}`));
    expect((await clean({}, '--list')).sort()).toEqual([...expected].sort());
    expect((await left()).length).toBeGreaterThan(50);
    const printed = await clean();
    expect(printed.filter((line) => line.startsWith('lost: ')).sort()).toEqual([...expected].sort());
    expect(await left()).toEqual([]);
  });

  it('is removed with keys, history and logs, which boots and logins make again', async () => {
    await put({
      ...{ '/etc/ssh/ssh_host_rsa_key': 'k', '/etc/ssh/sshd_config': 'c', '/etc/machine-id': 'm' },
      ...{ '/var/lib/cloud/instance/id': 'i', '/home/admin/.ssh/authorized_keys': 'k', '/root/.bash_history': 'ls' },
      ...{ '/var/log/syslog': 'line', '/var/log/syslog.1': 'line', '/tmp/x': 'x', '/home/admin/notes': 'n' },
    });
    const printed = await clean();
    expect(printed.filter((line) => line.startsWith('lost: '))).toEqual([]);
    expect(await left()).toEqual(['/etc/machine-id', '/etc/ssh/sshd_config', '/home/admin/notes', '/var/log/syslog']);
    expect(await readFile(`${host}/etc/machine-id`, 'utf8')).toBe('');
    expect(await readFile(`${host}/var/log/syslog`, 'utf8')).toBe('');
    expect(await clean()).toEqual([]);
  });

  it('leaves what an agent needs on every host', async () => {
    const kept = {
      ...{ '/etc/datadog-agent/datadog.yaml': 'api_key', '/var/db/newrelic-infra/custom-integrations/a': 'x' },
      ...{ '/etc/salt/minion': 'master', '/etc/puppetlabs/puppet/puppet.conf': 'x', '/etc/chef/client.rb': 'x' },
      ...{ '/var/lib/amazon/ssm/i-1/channels/c': 'session', '/var/lib/docker/image/x': 'x', '/opt/consul/raft/x': 'x' },
    };
    await put(kept);
    expect(await clean()).toEqual([]);
    expect(await left()).toEqual(Object.keys(kept).sort());
  });

  it('is no loss where a folder of an agent is empty', async () => {
    await mkdir(`${host}/var/lib/tailscale/files`, { recursive: true });
    expect(await clean({}, '--list')).toEqual([]);
  });

  it('is named by the configuration as well: what a boot makes again is no loss, and defaults stay by name', async () => {
    await put({ '/etc/acme/id': 'x', '/etc/acme/conf': 'x', '/opt/acme/a.key': 'x', '/var/lib/tailscale/state': 'x' });
    const printed = await clean({ paths: ['/etc/acme/id'], made_at_boot: ['/opt/acme/*.key'], keep: ['tailscale'] });
    expect(printed.at(-1)).toBe('lost: release_clean: /etc/acme/id');
    expect(printed.filter((line) => line.startsWith('lost'))).toHaveLength(1);
    expect(await left()).toEqual(['/etc/acme/conf', '/var/lib/tailscale/state']);
  });

  it('is taken out by the program of an agent that keeps it in one file with what all hosts need', async () => {
    const program = '/opt/CrowdStrike/falconctl';
    const script = (end: string) => `#!/bin/sh
cd "$(dirname "$0")"
if [ "$1" = -g ]; then [ -e aid ] && echo 'aid="1"' || echo 'aid is not set.'; exit; fi
${end}
`;
    await put({ [program]: script('[ "$*" = "-d -f --aid" ] && rm aid'), '/opt/CrowdStrike/aid': '1' });
    await chmod(host + program, 0o755);
    expect(await clean()).toEqual([`${program} -d -f --aid`]);
    expect(await clean()).toEqual([]);
    await put({ [program]: script('echo no licence; exit 1'), '/opt/CrowdStrike/aid': '1' });
    await expect(clean()).rejects.toMatchObject({ stderr: `\`${program} -d -f --aid\` failed: no licence\n` });
    expect(await clean({ keep: ['crowdstrike'] })).toEqual([]);
  });

  it('is removed as a link, and never what a link leads to', async () => {
    await put({ '/data/secret': 'x' });
    await mkdir(`${host}/etc/acme`, { recursive: true });
    await symlink(`${host}/data`, `${host}/etc/acme/link`);
    await clean({ paths: ['/etc/acme/*'] });
    expect(await left()).toEqual(['/data/secret']);
  });
});

describe('the shared folder', () => {
  const shared = (name: string) => `/srv/api/shared/${name}`;

  it('keeps what the app shares; files of sessions and of processes go, and their folders stay', async () => {
    await put({
      ...{ [shared('uploads/a.png')]: 'x', [shared('sessions/u1/s')]: 'x', [shared('tmp/.gitkeep')]: '' },
      ...{ [shared('tmp/pids/x.pid')]: '1', [shared('log/app.log')]: 'line', [shared('npm-cache/_logs/x')]: 'x' },
    });
    await clean();
    expect(await left()).toEqual([shared('log/app.log'), shared('tmp/.gitkeep'), shared('uploads/a.png')]);
    expect(await readdir(host + shared('sessions'))).toEqual(['u1']);
    expect(await readFile(host + shared('log/app.log'), 'utf8')).toBe('');
  });

  it('is emptied by name, all but what is kept', async () => {
    await put({ [shared('uploads/a.png')]: 'x', [shared('cache/x')]: 'x', [shared('tmp/x')]: 'x' });
    expect(await clean({ shared_names: ['cache'], keep: ['tmp'] }, '--list')).toEqual([]);
    await clean({ shared_names: ['cache'], keep: ['tmp'] });
    expect(await left()).toEqual([shared('tmp/x'), shared('uploads/a.png')]);
    await clean({ shared_names: ['*'] });
    expect(await left()).toEqual([]);
  });
});

describe('a value that may not be removed', () => {
  const wrong = [
    ...[
      '/',
      '/etc',
      '/var/lib',
      '/srv',
      '/etc/*',
      '/var/lib/?*',
      '/*',
      '/*/acme',
      '/etc/',
      '/etc//x',
      '/etc/../srv/x',
      'etc/x',
    ],
    ...[
      '',
      '/usr/bin/node',
      '/usr',
      '/lib64/x',
      '/boot/x',
      '/proc/1',
      '/run/x',
      '/var/run/x',
      '/etc/passwd',
      '/etc/sudoers.d/x',
    ],
    ...['/home/admin', '/home/*', '/etc/a\nb', '/var/lib/dpkg/status', '/usr/local'],
  ];
  const right = ['/etc/acme', '/var/lib/acme/*', '/home/*/.acme', '/usr/local/acme/id', '/opt/acme*', '/binary/x'];

  it.each(wrong)(
    '%j ends the clean-up before anything is removed, and is refused in the configuration',
    async (value) => {
      await put({ '/etc/ssh/ssh_host_rsa_key': 'k' });
      expect(cleanPathProblem(value)).toBeDefined();
      const error = await clean({ paths: [value] }).catch((caught) => caught as { stderr: string });
      expect(error).toMatchObject({ code: 1, stderr: expect.stringMatching(/^release_clean: /) });
      expect(await left()).toEqual(['/etc/ssh/ssh_host_rsa_key']);
    },
  );

  it('is told with all others at once, with --check too', async () => {
    const settings = {
      paths: ['/srv/api/current', 7],
      made_at_boot: 'x',
      shared_names: ['/a', 'a/../b'],
      keep: ['tailscael'],
    };
    const error = (await clean(settings, '--check').catch((caught) => caught)) as { stderr: string };
    expect(error.stderr.split('\n').map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      ...["release_clean: '/srv/api/current'", 'release_clean: 7', "release_clean_made_at_boot: 'x'"],
      ...["release_clean_shared: '/a'", "release_clean_shared: 'a/../b'", "release_clean_keep: 'tailscael'", ''],
    ]);
  });

  it.each(right)('is not %j', async (value) => {
    expect(cleanPathProblem(value)).toBeUndefined();
    expect(await clean({ paths: [value] }, '--check')).toEqual([]);
  });

  it.each(['', '.', '..', 'a/../b', '/a', 'a/', 'a//b'])('is the shared name %j', async (name) => {
    expect(sharedNameProblem(name)).toBeDefined();
    await expect(clean({ shared_names: [name] }, '--check')).rejects.toMatchObject({ code: 1 });
  });
});
