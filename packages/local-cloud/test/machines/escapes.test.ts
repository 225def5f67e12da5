import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineLayout } from '../../src/machines/layout.ts';
import { escapeScript, escapes, type Targets } from './support/escapes.ts';
import { SandboxFixture } from './support/sandbox-fixture.ts';

const secret = 'a secret of the host';
const word = 'outside-of-every-machine';
const planted = 'planted-by-a-machine';

/** A block device of this host, whichever it lists first. */
function blockDevice(): [number, number] {
  const [, major, minor] = /^\s*(\d+)\s+(\d+)\s+\d+\s+\S+$/m.exec(readFileSync('/proc/partitions', 'utf8')) ?? [];
  return [Number(major ?? 8), Number(minor ?? 0)];
}

const command = (script: string) =>
  `echo ${Buffer.from(script).toString('base64')} | base64 -d > /root/try; sh /root/try`;
const open = (output: string) => output.split('\n').filter((line) => line.startsWith('open: '));
const shut = (output: string) => output.split('\n').filter((line) => line.startsWith('shut: '));

describe('a sandboxed machine whose code tries to get out', () => {
  let fixture: SandboxFixture;
  let outside: ChildProcess;
  let script: string;
  let ways: number;
  beforeAll(async () => {
    fixture = await SandboxFixture.open();
    await writeFile(join(fixture.dir, 'marker'), secret);
    outside = spawn('sh', ['-c', 'read line', word], { stdio: ['pipe', 'ignore', 'ignore'] });
    const targets: Targets = {
      ...{ marker: join(fixture.dir, 'marker'), word, planted, disk: blockDevice() },
      // An ordinary user's cloud cannot read the host's passwords, and neither can its machines.
      shadow:
        process.getuid?.() === 0 ? createHash('sha256').update(readFileSync('/etc/shadow')).digest('hex') : 'none',
    };
    const tried = escapes(targets);
    ways = Object.keys(tried).length;
    script = escapeScript(tried);
  });
  afterAll(async () => {
    outside.kill();
    await rm(join('/usr', planted), { force: true });
    await fixture.close();
  });

  // Without root a session may make namespaces and mounts of its own: nothing of them is more than the user may do anyway.
  describe.skipIf(process.getuid?.() !== 0)('as root of a cloud that root has started', () => {
    const hostState = () => ({
      name: hostname(),
      addresses: networkInterfaces(),
      mounts: readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .filter((line) => line.includes(' /usr')),
      kernel: ['printk', 'core_pattern'].map((name) => readFileSync(`/proc/sys/kernel/${name}`, 'utf8')),
    });

    it('CLD-BOX-01 finds every way shut in a session and in what its init starts, and leaves the host as it was', async () => {
      const before = hostState();
      const spec = await fixture.launch({ userData: script });
      const session = await fixture.ssh(spec, `hostname ${planted}; ${command(script)}`);
      const init = await fixture.driver.consoleOutput(spec.instanceId);
      expect({ session: open(session), init: open(init) }).toEqual({ session: [], init: [] });
      expect([shut(session).length, shut(init).length]).toEqual([ways, ways]);
      expect(existsSync(join('/usr', planted))).toBe(false);
      expect(hostState()).toEqual(before);
      expect(outside.exitCode ?? outside.signalCode).toBe(null);
    });

    it('CLD-BOX-02 sees processes of its own only, and none of another machine', async () => {
      const [one, other] = [await fixture.launch(), await fixture.launch()];
      await fixture.ssh(other, `nohup sh -c 'sleep 600; : of-the-other-machine' > /dev/null 2>&1 < /dev/null &`);
      const list = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '";
      expect(await fixture.ssh(other, list)).toContain('of-the-other-machine');
      expect(await fixture.ssh(one, list)).not.toContain('of-the-other-machine');
    });

    it('CLD-BOX-03 has the same few capabilities in a session and in its init, and can gain none', async () => {
      const spec = await fixture.launch();
      const status = (pid: string) => `grep -E '^(CapPrm|CapEff|NoNewPrivs|Seccomp):' /proc/${pid}/status`;
      const [session, init] = [await fixture.ssh(spec, status('self')), await fixture.ssh(spec, status('1'))];
      expect(session).toBe(init);
      // chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, sys_chroot, audit_write, setfcap
      expect(init.split(/\s+/)).toEqual([
        'CapPrm:',
        '00000000a00405fb',
        'CapEff:',
        '00000000a00405fb',
        'NoNewPrivs:',
        '1',
        'Seccomp:',
        '2',
        '',
      ]);
      const folders = 'for fd in /proc/1/fd/* /proc/self/fd/*; do if [ -d "$fd" ]; then readlink "$fd"; fi; done';
      expect((await fixture.ssh(spec, folders)).split('\n').filter((path) => !path.startsWith('/proc/'))).toEqual(['']);
    });

    it('CLD-BOX-03 still changes owners, becomes other users, binds low ports and opens its own files', async () => {
      const spec = await fixture.launch();
      const work = [
        'set -e',
        'useradd --system app 2> /dev/null',
        'install -d -o app -g app -m 2750 /srv/app',
        "setpriv --reuid app --regid app --clear-groups sh -c 'id -un; echo x > /srv/app/file; ls /root 2>&1 || true'",
        'stat -c %U:%a /srv/app /srv/app/file',
        'mkfifo /srv/fifo',
        `node -e "require('net').createServer().listen(80, '${spec.address}', function () { console.log(this.address().port); this.close(); })"`,
      ].join('\n');
      const lines = (await fixture.ssh(spec, work)).trim().split('\n');
      expect(lines[0]).toBe('app');
      expect(lines[1]).toContain('Permission denied');
      expect(lines.slice(2)).toEqual(['app:2750', 'app:644', '80']);
    });

    it('CLD-BOX-04 gets no session once a link is where sessions mount something', async () => {
      const spec = await fixture.launch();
      const target = join(fixture.dir, 'target-of-a-session');
      await mkdir(target);
      await fixture.ssh(spec, `mv /etc/ssl /etc/moved; ln -s /oldroot${target} /etc/ssl`);
      await expect(fixture.ssh(spec, 'true')).rejects.toThrow('a link on the disk of this machine');
      expect(await readdir(target)).toEqual([]);
    });

    it('CLD-BOX-04 does not get a file of the host by a link in the place of its host key', async () => {
      const spec = await fixture.launch();
      const layout = machineLayout(fixture.dir, spec.instanceId);
      await fixture.ssh(spec, `ln -sf ${join(fixture.dir, 'marker')} /etc/ssh/ssh_host_ed25519_key`);
      await fixture.driver.shutdown(spec.instanceId, 10_000);
      await expect(fixture.driver.boot(spec)).rejects.toThrow('exited while it booted');
      expect(await readFile(layout.hostKey, 'utf8').catch(() => '')).not.toContain(secret);
    });
  });

  it.each([
    ['var/lib', 'var/lib'],
    ['etc/ssl', 'etc/ssl'],
    ['usr', 'usr'],
    ['tmp', 'tmp'],
  ])('is not booted with a link for %s, behind which mounting would make folders of the host', async (path, shown) => {
    const spec = fixture.spec();
    await fixture.driver.create(spec);
    const { root } = machineLayout(fixture.dir, spec.instanceId);
    const target = join(fixture.dir, `target-of-${path.replace('/', '-')}`);
    await mkdir(target);
    await rename(join(root, path), join(root, `${path}-moved`));
    await symlink(join('/oldroot', target), join(root, path));
    await expect(fixture.driver.boot(spec)).rejects.toThrow(`/${shown} on the machine's disk is not a folder`);
    expect(await readdir(target)).toEqual([]);
  });

  it('CLD-BOX-04 takes nothing of the host along when its disk is deleted', async () => {
    const spec = await fixture.launch();
    const target = join(fixture.dir, 'kept');
    await mkdir(target, { mode: 0o700 });
    await writeFile(join(target, 'file'), secret, { mode: 0o600 });
    await fixture.ssh(
      spec,
      `ln -s ${target} /srv/link; mkdir /srv/shut; ln -s ${target} /srv/shut/link; chmod 0 /srv/shut`,
    );
    await fixture.driver.shutdown(spec.instanceId, 10_000);
    await fixture.driver.destroy(spec.instanceId);
    await fixture.driver.close();
    expect(await readFile(join(target, 'file'), 'utf8')).toBe(secret);
    expect(execFileSync('stat', ['-c', '%a', target, join(target, 'file')], { encoding: 'utf8' })).toBe('700\n600\n');
  });
});
