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

describe('the identity of a host', () => {
  /** A file that a pattern matches. */
  const example = (pattern: string) => pattern.replaceAll('*', 'x');

  it('is removed by default, and what a boot does not create again is reported', async () => {
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

  it('includes keys, history and logs, which boots and logins create again', async () => {
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

  it('does not include the files of an agent that are the same on every host', async () => {
    const kept = {
      ...{ '/etc/datadog-agent/datadog.yaml': 'api_key', '/var/db/newrelic-infra/custom-integrations/a': 'x' },
      ...{ '/etc/salt/minion': 'master', '/etc/puppetlabs/puppet/puppet.conf': 'x', '/etc/chef/client.rb': 'x' },
      ...{ '/var/lib/amazon/ssm/i-1/channels/c': 'session', '/var/lib/docker/image/x': 'x', '/opt/consul/raft/x': 'x' },
    };
    await put(kept);
    expect(await clean()).toEqual([]);
    expect(await left()).toEqual(Object.keys(kept).sort());
  });

  it('counts as nothing lost where the folder of an agent is empty', async () => {
    await mkdir(`${host}/var/lib/tailscale/files`, { recursive: true });
    expect(await clean({}, '--list')).toEqual([]);
  });

  it('is extended by the configuration: what a boot creates again is not lost, and defaults are excluded by name', async () => {
    await put({ '/etc/acme/id': 'x', '/etc/acme/conf': 'x', '/opt/acme/a.key': 'x', '/var/lib/tailscale/state': 'x' });
    const printed = await clean({ paths: ['/etc/acme/id'], made_at_boot: ['/opt/acme/*.key'], keep: ['tailscale'] });
    expect(printed.at(-1)).toBe('lost: release_clean: /etc/acme/id');
    expect(printed.filter((line) => line.startsWith('lost'))).toHaveLength(1);
    expect(await left()).toEqual(['/etc/acme/conf', '/var/lib/tailscale/state']);
  });

  it("is removed by an agent's own program where one file also holds what all hosts need", async () => {
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

  it('is removed as a link, never as the target of the link', async () => {
    await put({ '/data/secret': 'x' });
    await mkdir(`${host}/etc/acme`, { recursive: true });
    await symlink(`${host}/data`, `${host}/etc/acme/link`);
    await clean({ paths: ['/etc/acme/*'] });
    expect(await left()).toEqual(['/data/secret']);
  });
});

describe('files found on the host', () => {
  it.each([
    ['/srv/a*', 'is the folder of the app'],
    ['/var/l*', 'is shared by many programs'],
    ['/var/lib/[!.]*', 'belongs to the operating system'],
    ['/opt/agent/*', 'is all of a folder that many programs share'],
    ['/mnt/disk*', 'is a mount point'],
  ])('%s is refused before anything is removed', async (pattern, why) => {
    await put({
      '/srv/api/current/x': 'x',
      '/var/lib/a/x': 'x',
      '/var/lib/apt/x': 'x',
      '/etc/ssl/x': 'x',
      '/etc/a': 'x',
    });
    await put({ '/mnt/disk1/x': 'x', '/proc/self/mountinfo': '29 1 259:1 / /mnt/disk1 rw - ext4 /dev/sdf rw\n' });
    await mkdir(`${host}/opt`);
    await symlink(`${host}/etc`, `${host}/opt/agent`);
    const before = await left();
    const listed = await clean({ paths: [pattern] }, '--list');
    expect(listed.join('\n')).toMatch(new RegExp(`^wrong: .*${why}`, 'm'));
    await expect(clean({ paths: [pattern] })).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(why) });
    expect(await left()).toEqual(before);
  });

  it('stay when they are the same on all hosts or on another file system', async () => {
    const others = {
      ...{ '/srv/api/shared/sessions/u1': 'x', '/home/admin/.ssh/authorized_keys': 'k', '/tmp/a/disk/data': 'x' },
      ...{ '/var/log/all hosts/log': 'line', '/var/lib/tailscale/efs/x': 'x' },
    };
    const mountinfo = [
      '1 0 259:1 / / rw - ext4 /dev/root rw',
      '30 1 0:40 / /srv/api/shared/sessions rw shared:1 - nfs4 fs-1:/ rw',
      '31 1 0:41 / /home rw - nfs4 fs-1:/home rw',
      '32 1 259:3 / /tmp/a/disk rw - ext4 /dev/sdf rw',
      '33 1 0:42 / /var/log/all\\040hosts rw - fuse.s3fs s3fs rw',
      '34 1 0:43 / /var/lib/tailscale/efs rw - nfs4 fs-1:/t rw',
    ];
    await put({ ...others, '/proc/self/mountinfo': mountinfo.join('\n'), '/tmp/a/b': 'x', '/var/log/syslog': 'line' });
    expect(await clean({}, '--list')).toEqual([]);
    await clean();
    expect(await left()).toEqual([...Object.keys(others), '/proc/self/mountinfo', '/var/log/syslog'].sort());
    expect(await readFile(`${host}/var/log/all hosts/log`, 'utf8')).toBe('line');
    expect(await clean({ shared_names: ['sessions'] })).toEqual([]);
  });

  it('are removed with hidden files, such as an unfinished core dump', async () => {
    await put({
      '/var/lib/systemd/coredump/.#core.api': 'memory',
      '/var/lib/acme/.id': 'x',
      '/var/lib/acme/..id': 'x',
    });
    const printed = await clean({ paths: ['/var/lib/acme/*'] });
    expect(printed.filter((line) => line.startsWith('lost'))).toHaveLength(2);
    expect(await left()).toEqual([]);
  });

  it('may have any name, which is printed on one line', async () => {
    await put({ '/tmp/a\nlost: tailscale: x': 'x', '/tmp/b\u2028lost: c': 'x', '/tmp/caf\u00e9': 'x' });
    await exec('python3', ['-c', 'import sys; open(sys.argv[1].encode() + b"/tmp/\\xff", "w").close()', host]);
    const printed = await clean();
    expect(printed).toHaveLength(4);
    expect(printed.filter((line) => line.startsWith('lost: '))).toEqual([]);
    expect(await left()).toEqual([]);
  });

  it('that cannot be removed end in an error that names them', async () => {
    await put({ '/var/lib/tailscale/a/state': 'x', '/var/log/audit.log': 'line' });
    await chmod(`${host}/var/lib/tailscale/a`, 0o555);
    await chmod(`${host}/var/log/audit.log`, 0o444);
    // Of root, too: an immutable file refuses it in the same way.
    const prefix = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override'] : [];
    const [program = '', ...words] = [...prefix, 'python3', path.join(files, 'clean.py'), '/srv/api'];
    const argv = [...words, JSON.stringify(await defaults()), `--host=${host}`];
    const error = await exec(program, argv).catch((caught) => caught);
    await chmod(`${host}/var/lib/tailscale/a`, 0o755);
    expect(error.stderr).toMatch(
      /cannot be removed: .*tailscale\/a\/state: Permission denied.*audit.log: Permission denied/,
    );
  });
});

describe('the shared folder in the clean-up', () => {
  const shared = (name: string) => `/srv/api/shared/${name}`;

  it('keeps what the app shares and its folders, and loses files of sessions and processes', async () => {
    await put({
      ...{ [shared('uploads/a.png')]: 'x', [shared('sessions/u1/s')]: 'x', [shared('tmp/.gitkeep')]: '' },
      ...{ [shared('tmp/pids/x.pid')]: '1', [shared('log/app.log')]: 'line', [shared('npm-cache/_logs/x')]: 'x' },
    });
    await clean();
    expect(await left()).toEqual([shared('log/app.log'), shared('tmp/.gitkeep'), shared('uploads/a.png')]);
    expect(await readdir(host + shared('sessions'))).toEqual(['u1']);
    expect(await readFile(host + shared('log/app.log'), 'utf8')).toBe('');
  });

  it('keeps a link to a folder, and loses the files in it', async () => {
    await put({ '/data/sessions/s1': 'x', '/data/other': 'x', [shared('uploads/a')]: 'x' });
    await symlink(`${host}/data/sessions`, host + shared('sessions'));
    await clean();
    expect(await left()).toEqual(['/data/other', shared('sessions'), shared('uploads/a')]);
  });

  it('is emptied on request, except for what is kept', async () => {
    await put({ [shared('uploads/a.png')]: 'x', [shared('cache/x')]: 'x', [shared('tmp/x')]: 'x' });
    expect(await clean({ shared_names: ['cache'], keep: ['tmp'] }, '--list')).toEqual([]);
    await clean({ shared_names: ['cache'], keep: ['tmp'] });
    expect(await left()).toEqual([shared('tmp/x'), shared('uploads/a.png')]);
    await clean({ shared_names: ['*'] });
    expect(await left()).toEqual([]);
  });
});

describe('a path that must not be removed', () => {
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
    '%j stops the clean-up before anything is removed, and is refused in the configuration',
    async (value) => {
      await put({ '/etc/ssh/ssh_host_rsa_key': 'k' });
      expect(cleanPathProblem(value)).toBeDefined();
      const error = await clean({ paths: [value] }).catch((caught) => caught as { stderr: string });
      expect(error).toMatchObject({ code: 1, stderr: expect.stringMatching(/^release_clean: /) });
      expect(await left()).toEqual(['/etc/ssh/ssh_host_rsa_key']);
    },
  );

  it('is reported together with all others, also with --check', async () => {
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

  it.each(right)('does not include %j', async (value) => {
    expect(cleanPathProblem(value)).toBeUndefined();
    expect(await clean({ paths: [value] }, '--check')).toEqual([]);
  });

  it.each(['', '.', '..', 'a/../b', '/a', 'a/', 'a//b'])('does not include the shared name %j', async (name) => {
    expect(sharedNameProblem(name)).toBeDefined();
    await expect(clean({ shared_names: [name] }, '--check')).rejects.toMatchObject({ code: 1 });
  });
});
