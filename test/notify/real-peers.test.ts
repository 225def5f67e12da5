import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '@golden-pipeline/shared/testing/until';
import { expect, it, onTestFinished } from 'vitest';
import { deliverTo } from './support/deliver-to.ts';
import { failed, released } from './support/facts.ts';

const run = promisify(execFile);
const carbon = '/usr/bin/carbon-cache';
const aiosmtpd = '/usr/lib/python3/dist-packages/aiosmtpd/__init__.py';
const ngircd = '/usr/sbin/ngircd';

/** For the name of a test that is skipped: what `npm run setup -- --with-tests` could not install. */
const without = (file: string): string => (existsSync(file) ? '' : ` (skipped: ${file} is not installed)`);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** A folder, and a program that runs until the test ends. */
async function program(
  command: string,
  args: (folder: string) => string[],
  prepare: (folder: string) => Promise<void>,
) {
  const folder = await mkdtemp(join(tmpdir(), 'gp-peer-'));
  await prepare(folder);
  const child = spawn(command, args(folder), { cwd: folder, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

it.skipIf(!existsSync(carbon))(
  `carbon keeps a release, and its whisper file has it at its time${without(carbon)}`,
  async () => {
    const [line, pickle, query] = [await freePort(), await freePort(), await freePort()];
    const folder = await program(
      '/usr/bin/python3',
      (home) => [carbon, '--nodaemon', `--config=${home}/carbon.conf`, 'start'],
      async (home) => {
        const config = {
          ...{ STORAGE_DIR: `${home}/storage`, CONF_DIR: home, LOG_DIR: `${home}/log`, PID_DIR: home },
          ...{ LOCAL_DATA_DIR: `${home}/whisper`, USER: userInfo().username, LINE_RECEIVER_INTERFACE: '127.0.0.1' },
          ...{ LINE_RECEIVER_PORT: line, PICKLE_RECEIVER_INTERFACE: '127.0.0.1', PICKLE_RECEIVER_PORT: pickle },
          ...{ CACHE_QUERY_INTERFACE: '127.0.0.1', CACHE_QUERY_PORT: query, MAX_CREATES_PER_MINUTE: 'inf' },
        };
        const lines = Object.entries(config).map(([key, value]) => `${key} = ${value}`);
        await writeFile(join(home, 'carbon.conf'), `[cache]\n${lines.join('\n')}\n`);
        await writeFile(join(home, 'storage-schemas.conf'), '[all]\npattern = .*\nretentions = 1s:1d\n');
        for (const name of ['storage', 'log', 'whisper']) await mkdir(join(home, name));
      },
    );
    const at = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
    const settings = { to: 'graphite', host: '127.0.0.1', port: line };
    await until(() =>
      deliverTo(settings, { ...released, at }).then(
        () => true,
        () => false,
      ),
    );
    const file = join(folder, 'whisper/deploys/production/api/released/seconds.wsp');
    const read = async () => {
      if (!existsSync(file)) return undefined;
      const time = Date.parse(at) / 1000;
      const { stdout } = await run('whisper-fetch', [`--from=${time - 1}`, `--until=${time}`, file]);
      return stdout.split('\n').find((row) => row.startsWith(`${time}\t`) && !row.endsWith('None'));
    };
    await until(async () => (await read()) !== undefined);
    expect((await read())?.split('\t')).toEqual([String(Date.parse(at) / 1000), '361.200000']);
  },
  60_000,
);

it.skipIf(!existsSync(aiosmtpd))(
  `a mail server gets a mail that Python reads as it was meant${without(aiosmtpd)}`,
  async () => {
    const port = await freePort();
    const folder = await program(
      '/usr/bin/python3',
      (home) => [
        '-m',
        'aiosmtpd',
        '-n',
        '-l',
        `127.0.0.1:${port}`,
        '-c',
        'aiosmtpd.handlers.Mailbox',
        join(home, 'mail'),
      ],
      async () => undefined,
    );
    const settings = {
      to: 'email',
      host: '127.0.0.1',
      port,
      from: 'a@example.com',
      recipients: ['b@example.com', 'c@example.com'],
    };
    await until(() =>
      deliverTo(settings, failed).then(
        () => true,
        () => false,
      ),
    );
    const mails = await readdir(join(folder, 'mail/new'));
    expect(mails).toHaveLength(1);
    const script =
      'import sys, json, email, email.policy; m = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default);' +
      'print(json.dumps({"subject": m["subject"], "to": m["to"], "id": m["message-id"], "text": m.get_content()}))';
    const mail = await readFile(join(folder, 'mail/new', mails[0] ?? ''));
    const parsed = run('/usr/bin/python3', ['-c', script]);
    parsed.child.stdin?.end(mail);
    expect(JSON.parse((await parsed).stdout)).toEqual({
      subject: 'api v42 was not released to production (ann, bob): v42 does not answer on /health',
      to: 'b@example.com, c@example.com',
      id: `<${failed.id}@golden-pipeline>`,
      text: expect.stringContaining('more: pipeline history api 20261130T120000-ab12 --env production\n'),
    });
  },
  60_000,
);

it.skipIf(!existsSync(ngircd))(
  `a member of an IRC channel reads the headline, and one that nobody may join is refused${without(ngircd)}`,
  async () => {
    const port = await freePort();
    await program(
      '/usr/sbin/ngircd',
      (home) => ['--nodaemon', '--config', join(home, 'ngircd.conf')],
      async (home) => {
        const text = `[Global]
Name = irc.example.net
Info = test
Listen = 127.0.0.1
Ports = ${port}
[Options]
DNS = no
Ident = no
PAM = no
[Channel]
Name = #closed
Modes = k
Key = something
`;
        await writeFile(join(home, 'ngircd.conf'), text);
      },
    );
    const member = await until(() => joined(port).catch(() => undefined));
    const settings = { to: 'irc', host: '127.0.0.1', port, tls: false, nick: 'member', channel: '#deploys' };
    await deliverTo(settings, { ...failed, error: { code: 'x', message: 'down\r\nQUIT :injected' } });
    await until(() => member?.find((line) => line.includes('PRIVMSG')));
    // Its name was taken, so the pipeline has taken another one.
    expect(member?.find((line) => line.includes('PRIVMSG'))).toMatch(
      /^:member_!\S+ PRIVMSG #deploys :api v42 was not released to production \(ann, bob\): down QUIT :injected$/,
    );
    await expect(deliverTo({ ...settings, channel: '#closed' }, failed)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 475 /),
    });
  },
  60_000,
);

/** Somebody who is in #deploys: what the server sends. */
async function joined(port: number): Promise<string[]> {
  const lines: string[] = [];
  const socket = connect({ host: '127.0.0.1', port });
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('connect', () => socket.write('NICK member\r\nUSER member 0 * :member\r\n'));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of chunk.split('\r\n')) {
        lines.push(line);
        if (line.startsWith('PING ')) socket.write(`PONG ${line.slice(5)}\r\n`);
        if (/ 001 /.test(line)) socket.write('JOIN #deploys\r\n');
        if (/ 366 /.test(line)) resolve();
      }
    });
  });
  return lines;
}
