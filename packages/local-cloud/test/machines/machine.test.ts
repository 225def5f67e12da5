import { readFile, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeTree } from '../../src/machines/images.ts';
import { imageFolder } from '../../src/machines/layout.ts';
import { eventually, exec, SandboxFixture, serverScript, serviceRun } from './support/sandbox-fixture.ts';

/** Shell text that writes `content` to `file` in a machine. */
const put = (file: string, content: string, mode = '644') =>
  `mkdir -p $(dirname ${file}); printf %s ${Buffer.from(content).toString('base64')} | base64 -d > ${file}; chmod ${mode} ${file}`;

const userData = `#!/bin/sh
echo "user data of $(hostname)"
${put('/etc/sv/web/run', serviceRun, '755')}
${put('/srv/server.js', serverScript)}
ln -s /etc/sv/web /etc/service/web
`;

describe('a sandboxed machine', () => {
  let fixture: SandboxFixture;
  beforeAll(async () => {
    fixture = await SandboxFixture.open();
  });
  afterAll(() => fixture.close());

  it('is a small host of its own behind SSH with its pinned key', async () => {
    const spec = await fixture.launch();
    const facts = 'cat /proc/1/comm; hostname; id -u; pwd; echo "$FLEET"; cat /run/pipeline/instance.env; ls -A /tmp';
    expect((await fixture.ssh(spec, facts)).split('\n')).toEqual([
      'runit-init',
      spec.hostname,
      '0',
      '/root',
      "it's a test",
      `HOST=${spec.address}`,
      `INSTANCE_ID=${spec.instanceId}`,
      '',
    ]);
    expect(await fixture.ssh(spec, 'getent hosts $(hostname); cat /etc/hostname')).toContain(spec.address);
    await expect(fixture.ssh(spec, 'touch /usr/here')).rejects.toThrow('Read-only file system');
    await expect(fixture.ssh(spec, 'exit 7')).rejects.toMatchObject({ code: 7 });
    // Only its own processes: init, scanner, this command.
    expect(Number(await fixture.ssh(spec, 'ls -d /proc/[0-9]* | wc -l'))).toBeLessThan(8);
  });

  it('lets nobody in without the key, and shows no other key than its own', async () => {
    const spec = await fixture.launch({ publicKey: undefined });
    await expect(fixture.ssh(spec, 'true')).rejects.toThrow('Permission denied');
    const other = await fixture.launch();
    const impostor = { ...spec, address: other.address };
    await expect(fixture.ssh(impostor, 'true')).rejects.toThrow('Host key verification failed');
  });

  it('passes commands on word by word, however odd', async () => {
    const spec = await fixture.launch();
    expect(await fixture.ssh(spec, `printf '%s|' "a  b" '$HOME' "it's" '; echo no' '\`id\`'`)).toBe(
      "a  b|$HOME|it's|; echo no|`id`|",
    );
  });

  it('copies files both ways by scp (sftp)', async () => {
    const spec = await fixture.launch();
    const local = join(fixture.dir, 'payload');
    await writeFile(local, 'payload\n'.repeat(10_000));
    const remote = `${userInfo().username}@${spec.address}:/srv/payload`;
    const options = [...(await fixture.sshOptions(spec)), '-P', '2222', '-q'];
    await exec('scp', [...options, local, remote]);
    await exec('scp', [...options, remote, `${local}.back`]);
    expect(await readFile(`${local}.back`, 'utf8')).toBe(await readFile(local, 'utf8'));
  });

  it('runs user data once, and services that answer on its own address after every boot', async () => {
    const spec = await fixture.launch({ userData });
    const url = `http://${spec.address}:8080/`;
    const answer = await eventually(async () => (await request(url)).body.json());
    expect(answer).toMatchObject({ fleet: "it's a test" });
    await fixture.driver.shutdown(spec.instanceId, 3000);
    await expect(request(url)).rejects.toThrow('ECONNREFUSED');
    await fixture.driver.boot(spec);
    await eventually(async () => (await request(url)).statusCode === 200);
    const console = await fixture.driver.consoleOutput(spec.instanceId);
    expect(console.split(`user data of ${spec.hostname}`)).toHaveLength(2);
  });

  it('lets a request in flight finish when it is stopped in order', async () => {
    const spec = await fixture.launch({ userData });
    await eventually(async () => (await request(`http://${spec.address}:8080/`)).statusCode === 200);
    const slow = request(`http://${spec.address}:8080/slow`, { headers: { connection: 'close' } });
    // Accepted before the stop begins: a later request is answered on the same event loop after it.
    await request(`http://${spec.address}:8080/`, { headers: { connection: 'close' } });
    await fixture.driver.shutdown(spec.instanceId, 5000);
    expect((await slow).statusCode).toBe(200);
    expect(await fixture.driver.consoleOutput(spec.instanceId)).toContain('init: off');
  });

  it('is ended after the grace period when a service will not stop', async () => {
    const stubborn = `#!/bin/sh\n${put('/etc/service/mule/run', "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.05; done\n", '755')}\n`;
    const spec = await fixture.launch({ userData: stubborn });
    await eventually(async () => (await fixture.ssh(spec, 'cat /etc/service/mule/supervise/stat')).startsWith('run'));
    const start = performance.now();
    await fixture.driver.shutdown(spec.instanceId, 300);
    expect(performance.now() - start).toBeGreaterThanOrEqual(299);
    expect(await fixture.driver.consoleOutput(spec.instanceId)).not.toContain('init: off');
  });

  it('ends kept-open SSH sessions and reaps orphans', async () => {
    const spec = await fixture.launch();
    await fixture.ssh(spec, "setsid sh -c 'sleep 0.05 & exec true' > /dev/null 2>&1 < /dev/null &");
    await eventually(async () => (await fixture.ssh(spec, 'ps -eo stat= | grep -c Z || true')).trim() === '0');
    const socket = join(fixture.dir, 'mux');
    const target = `${userInfo().username}@${spec.address}`;
    const mux = ['-o', 'ControlMaster=auto', '-o', `ControlPath=${socket}`, '-o', 'ControlPersist=60'];
    await exec('ssh', [...(await fixture.sshOptions(spec)), ...mux, '-p', '2222', target, 'true']);
    await stat(socket);
    await fixture.driver.shutdown(spec.instanceId, 1000);
    // The client notices that its connection is gone and removes its socket.
    await eventually(async () =>
      stat(socket).then(
        () => false,
        () => true,
      ),
    );
  });

  it('makes images whose machines have what was written, but an identity of their own once cleaned', async () => {
    const { driver } = fixture;
    const spec = await fixture.launch();
    await fixture.ssh(spec, `${put('/srv/release', 'v42')}; ln -s release /srv/current; touch /tmp/gone /run/gone`);
    const dirty = await fixture.ssh(spec, 'cat /etc/machine-id');
    await driver.snapshot(spec.instanceId, 'ami-dirty');
    const clean = 'rm -f /etc/ssh/ssh_host_* /var/lib/cloud/instance-id; : > /etc/machine-id';
    await fixture.ssh(spec, clean);
    // The running sshd keeps its key in memory: the host stays reachable after the clean-up.
    await driver.snapshot(spec.instanceId, 'ami-clean');
    expect(await fixture.ssh(spec, 'cat /srv/current')).toBe('v42');
    await expect(stat(join(imageFolder(fixture.dir, 'ami-clean'), 'tmp/gone'))).rejects.toThrow('ENOENT');

    const copy = await fixture.launch({ imageId: 'ami-clean' });
    expect(await fixture.ssh(copy, 'cat /srv/current; ls -A /tmp /run')).not.toContain('gone');
    expect(await fixture.ssh(copy, 'cat /srv/current')).toBe('v42');
    expect(await fixture.hostKey(copy)).not.toBe(await fixture.hostKey(spec));
    expect(await fixture.ssh(copy, 'cat /etc/machine-id')).toMatch(/^[0-9a-f]{32}\n$/);
    expect(await fixture.ssh(copy, 'cat /etc/machine-id')).not.toBe(dirty);
    const careless = await fixture.launch({ imageId: 'ami-dirty' });
    expect(await fixture.ssh(careless, 'cat /etc/machine-id')).toBe(dirty);
    expect(await fixture.hostKey(careless)).not.toBe(await fixture.hostKey(spec));
  });

  it('says on the console and in the error why a broken image does not boot', async () => {
    const spec = fixture.spec();
    await fixture.driver.create(spec);
    await removeTree(join(fixture.dir, 'machines', spec.instanceId, 'root', 'bin'));
    await expect(fixture.driver.boot(spec)).rejects.toThrow(/console: .*(No such file|execvp)/);
    await fixture.driver.destroy(spec.instanceId);
  });
});
