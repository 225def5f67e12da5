import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const source = new URL('../../examples/api/', import.meta.url).pathname;
let folder: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'example-api-'));
  await cp(source, folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
  execFileSync('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd: folder,
    stdio: 'pipe',
  });
  await writeFile(join(folder, 'release.json'), JSON.stringify({ app: 'api', version: 'v7', commit: 'abc123' }));
}, 60_000);

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Starts the service on a port of the kernel's choice and waits until it says where it serves. */
async function start(
  env: Record<string, string> = {},
): Promise<{ child: ChildProcess; port: number; output: () => string }> {
  const child = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  let output = '';
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk;
      const serving = /"port":(\d+).*"serving"/.exec(output);
      if (serving) resolve(Number(serving[1]));
    });
    child.once('exit', () => reject(new Error(`did not start: ${output}`)));
  });
  return { child, port, output: () => output };
}

function get(port: number, path: string, agent?: http.Agent) {
  return new Promise<{ status: number; headers: http.IncomingHttpHeaders; body: Record<string, unknown> }>(
    (resolve, reject) => {
      const request = http.get({ host: '127.0.0.1', port, path, agent }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) }),
        );
        response.on('error', reject);
      });
      request.on('error', reject);
    },
  );
}

describe('routes', () => {
  it('returns the release, health, and the products on sale', async () => {
    const { port, child } = await start();
    expect((await get(port, '/version')).body).toMatchObject({
      app: 'api',
      version: 'v7',
      commit: 'abc123',
      pid: child.pid,
    });
    expect(await get(port, '/health')).toMatchObject({
      status: 200,
      body: { status: 'ok' },
      headers: { 'x-release': 'v7' },
    });
    const { body } = await get(port, '/');
    expect(body.available).toBe(157 + 1880);
    expect((await get(port, '/events/closing-gala')).body).toMatchObject({ available: 0, soldOut: true });
    expect((await get(port, '/events/nothing')).status).toBe(404);
    expect((await get(port, '/nowhere')).body.error).toBe('nothing at GET /nowhere');
  });

  it('lets the environment override the release', async () => {
    const { port } = await start({ RELEASE_VERSION: 'v8', RELEASE_COMMIT: 'def' });
    expect((await get(port, '/version')).body).toMatchObject({ version: 'v8', commit: 'def' });
  });

  it('is unhealthy when its configuration says so', async () => {
    const config = join(folder, 'config.json');
    await writeFile(config, JSON.stringify({ healthy: false }));
    try {
      const { port } = await start();
      expect(await get(port, '/health')).toMatchObject({ status: 503, body: { status: 'broken' } });
      expect((await get(port, '/version')).status).toBe(200);
    } finally {
      await cp(join(source, 'config.json'), config);
    }
  });

  it('refuses a wrong port with the value in the message', async () => {
    await expect(start({ PORT: 'eighty' })).rejects.toThrow("PORT is 'eighty'");
  });
});

describe('stop of the example app', () => {
  it('fails no request of keep-alive clients under load', async () => {
    const { child, port } = await start();
    const failures: string[] = [];
    let answered = 0;
    let closing = 0;
    const exited = once(child, 'exit');
    const client = async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      for (;;) {
        try {
          const { status, headers } = await get(port, '/', agent);
          answered += 1;
          if (status !== 200) failures.push(String(status));
          if (answered === 500) child.kill('SIGTERM');
          // As a balancer does: no further request to a server that says it is going.
          if (headers.connection === 'close') {
            closing += 1;
            return;
          }
        } catch (error) {
          failures.push(String(error));
          return;
        }
      }
    };
    await Promise.all(Array.from({ length: 10 }, client));
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(500);
    expect(closing).toBe(10);
    expect((await exited)[0]).toBe(0);
  });

  it('fails the health check first and still answers', async () => {
    const { child, port } = await start({ STOP_DELAY_MS: '1500' });
    child.kill('SIGTERM');
    await expect.poll(async () => (await get(port, '/health')).status).toBe(503);
    expect(await get(port, '/version')).toMatchObject({ status: 200, headers: { connection: 'close' } });
  });

  it('closes idle connections and exits', async () => {
    const { child, port, output } = await start({ STOP_DELAY_MS: '0' });
    const idle = createConnection(port, '127.0.0.1');
    idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
    expect(output()).toContain('"clean":true');
    idle.destroy();
  });

  describe('with a slow request in flight', () => {
    async function slowServer(answerAfterMs: number) {
      const { createLifecycle } = (await import(`${source}src/lifecycle.js`)) as {
        createLifecycle(server: http.Server): {
          stop(times: { delayMs: number; timeoutMs: number }): Promise<{ clean: boolean }>;
        };
      };
      const server = http.createServer((_request, response) => {
        setTimeout(() => response.end('{}'), answerAfterMs);
      });
      const { stop } = createLifecycle(server);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const answer = get(port, '/').catch((error: NodeJS.ErrnoException) => error.code);
      await once(server, 'request');
      return { answer, stop };
    }

    it('waits for it', async () => {
      const { answer, stop } = await slowServer(150);
      expect(await stop({ delayMs: 0, timeoutMs: 5000 })).toMatchObject({ clean: true });
      expect(await answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
    });

    it('aborts it at the time-out and prints that', async () => {
      const { answer, stop } = await slowServer(10_000);
      expect(await stop({ delayMs: 0, timeoutMs: 50 })).toMatchObject({ clean: false });
      expect(await answer).toBe('ECONNRESET');
    });
  });
});

describe('another environment that takes over the held socket', () => {
  const programs = new URL('../../ansible/roles/release/files/', import.meta.url).pathname;
  const freePort = async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  };

  /** A host's folder with the environments v1 and v2, served as the release role does. */
  async function serveHost(): Promise<{
    port: number;
    inPlace: (version: string) => Promise<Record<string, unknown>>;
    state: () => Promise<{ version: string | null; pid: number | null; restarts: number }>;
  }> {
    const root = await mkdtemp(join(folder, 'host-'));
    await cp(programs, join(root, 'bin'), { recursive: true });
    for (const version of ['v1', 'v2']) {
      const release = join(root, 'releases', version);
      await mkdir(release, { recursive: true });
      for (const name of ['server.js', 'src', 'package.json', 'config.json', 'node_modules'])
        await symlink(join(folder, name), join(release, name));
      await writeFile(join(release, 'release.json'), JSON.stringify({ version }));
      const service = { command: [process.execPath, 'server.js'], environment: { RELEASE_VERSION: version } };
      await writeFile(join(release, 'service.json'), JSON.stringify(service));
    }
    await symlink('releases/v1', join(root, 'current'));
    await writeFile(join(root, 'instance.env'), 'HOST=127.0.0.1\n');
    const port = await freePort();
    const settings = { run: join(root, 'run'), port, staging_port: await freePort(), health_path: '/health' };
    const times = { health_timeout: 20, stop_timeout: 5, instance_env: join(root, 'instance.env') };
    await writeFile(join(root, 'service.json'), JSON.stringify({ ...settings, ...times }));
    const server = spawn('python3', [join(root, 'bin/serve.py'), root], { stdio: ['ignore', 'ignore', 'inherit'] });
    running.add(server);
    await expect
      .poll(
        () =>
          get(port, '/health').then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(200);
    const inPlace = async (version: string) => {
      const { stdout } = await promisify(execFile)('python3', [join(root, 'bin/environments.py'), 'to', version]);
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    /** What the process that holds the socket says of itself. */
    const state = async () => {
      const control = createConnection(join(root, 'run/control'));
      control.write('{"command": "state", "version": null}\n');
      const [answer] = (await once(control, 'data')) as [Buffer];
      control.destroy();
      return JSON.parse(answer.toString()) as { version: string | null; pid: number | null; restarts: number };
    };
    return { port, inPlace, state };
  }

  it('fails no request of new and kept connections, there and back', async () => {
    const { port, inPlace } = await serveHost();
    const failures: string[] = [];
    const seen = new Set<unknown>();
    let going = true;
    const client = async (keepAlive: boolean) => {
      const agent = new http.Agent({ keepAlive, maxSockets: 1 });
      while (going) {
        try {
          const { status, body } = await get(port, '/version', agent);
          if (status !== 200) failures.push(String(status));
          seen.add(body.version);
        } catch (error) {
          failures.push(String(error));
        }
      }
      agent.destroy();
    };
    const clients = [true, true, true, true, false, false].map(client);
    const turns = [];
    for (const version of ['v2', 'v1', 'v2']) turns.push(await inPlace(version));
    going = false;
    await Promise.all(clients);
    expect(turns).toMatchObject([
      { ok: true, version: 'v2', before: 'v1' },
      { ok: true, version: 'v1', before: 'v2' },
      { ok: true, version: 'v2', before: 'v1' },
    ]);
    expect(failures).toEqual([]);
    expect([...seen].sort()).toEqual(['v1', 'v2']);
    expect((await get(port, '/version', new http.Agent())).body.version).toBe('v2');
  });

  it('counts environments that exit by themselves, and not those that another one takes over from', async () => {
    const { inPlace, state } = await serveHost();
    const first = await state();
    expect(first).toMatchObject({ version: 'v1', restarts: 0 });
    process.kill(first.pid ?? 0, 'SIGKILL');
    await expect
      .poll(async () => (await state()).pid, { timeout: 20_000 })
      .toSatisfy((pid: number | null) => pid !== null && pid !== first.pid);
    expect(await state()).toMatchObject({ version: 'v1', restarts: 1 });
    expect(await inPlace('v2')).toMatchObject({ ok: true });
    expect(await state()).toMatchObject({ version: 'v2', restarts: 1 });
  });

  it('answers a kept connection once more and then closes it, and leaves an idle one to its client', async () => {
    const { port, inPlace } = await serveHost();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const idle = createConnection(port, '127.0.0.1');
    idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');
    await get(port, '/version', agent);
    await inPlace('v2');
    expect(await get(port, '/version', agent)).toMatchObject({
      body: { version: 'v1' },
      headers: { connection: 'close' },
    });
    expect(await get(port, '/version', agent)).toMatchObject({ body: { version: 'v2' } });
    expect(idle.readableEnded).toBe(false);
    idle.destroy();
    agent.destroy();
  });
});
