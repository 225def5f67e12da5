import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { Agent, request } from 'undici';
import { HaproxyDriver } from '../../../src/elb/haproxy/driver.ts';

/** A backend that answers its name; `healthy` decides its health route, `delayMs` how long a request takes. */
export interface Backend {
  id: string;
  address: string;
  port: number;
  requests: number;
  checks: number;
  healthy: boolean;
  /** What health checks are answered with while it is not healthy; 0 for no answer at all. */
  unhealthyStatus: number;
  delayMs: number;
  /** Of all answers but those to health checks. */
  status: number;
  /** Likewise. */
  headers: Record<string, string>;
  lastHeaders: IncomingHttpHeaders;
  close(): Promise<void>;
}

export async function startBackend(id: string, port = 0): Promise<Backend> {
  const backend: Backend = {
    ...{
      id,
      address: '127.0.0.1',
      port: 0,
      requests: 0,
      checks: 0,
      healthy: true,
      unhealthyStatus: 503,
      delayMs: 0,
      status: 200,
    },
    headers: {},
    lastHeaders: {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server: Server = createServer((incoming, response) => {
    if (incoming.url === '/health') {
      backend.checks++;
      const status = backend.healthy ? 200 : backend.unhealthyStatus;
      if (status) response.writeHead(status).end();
      return;
    }
    backend.requests++;
    backend.lastHeaders = incoming.headers;
    setTimeout(() => response.writeHead(backend.status, backend.headers).end(id), backend.delayMs);
  });
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve) => server.listen(port, backend.address, resolve));
  backend.port = (server.address() as AddressInfo).port;
  return backend;
}

/** A loopback address of its own, so that two runs at once do not meet. */
export function ownAddress(): string {
  const octet = (): number => 1 + Math.floor(Math.random() * 250);
  return `127.${octet()}.${octet()}.${octet()}`;
}

/** A port of `address` that was free a moment ago. */
export function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createTcpServer().once('error', reject);
    server.listen(0, address, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

export interface RealBalancer {
  driver: HaproxyDriver;
  dir: string;
  reports: unknown[];
  close(): Promise<void>;
}

export async function startDriver(
  dir = mkdtempSync(join(tmpdir(), 'elb-test-')),
  clock: Clock = systemClock(),
): Promise<RealBalancer> {
  const reports: unknown[] = [];
  const driver = new HaproxyDriver({ dir, clock, report: (error) => reports.push(error) });
  await driver.start();
  const close = async (): Promise<void> => {
    await driver.close();
    rmSync(dir, { recursive: true, force: true });
  };
  return { driver, dir, reports, close };
}

/** Until the driver calls the target what is expected. */
export async function untilHealth(driver: HaproxyDriver, id: string, health: string): Promise<void> {
  const what = `${id} is ${health}`;
  await until(
    () => driver.read(),
    (targets) => targets.some((target) => target.id === id && target.health === health),
    { seconds: 8, what },
  );
}

export async function get(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; location?: string; headers: IncomingHttpHeaders }> {
  const answer = await request(url, { headers, dispatcher: new Agent({ pipelining: 0 }) });
  const text = await answer.body.text();
  return { status: answer.statusCode, text, location: answer.headers.location?.toString(), headers: answer.headers };
}

/** Constant keep-alive load of `connections` clients; counts every answer that is no 200 and every broken request. */
export class Load {
  done = 0;
  failures: string[] = [];
  #agent: Agent;
  #stopped = false;
  #loops: Promise<void>[];

  constructor(url: string, connections = 16) {
    this.#agent = new Agent({ connections, pipelining: 1 });
    this.#loops = Array.from({ length: connections }, () => this.#loop(url));
  }

  async #loop(url: string): Promise<void> {
    while (!this.#stopped) {
      try {
        const answer = await request(url, { dispatcher: this.#agent });
        await answer.body.dump();
        if (answer.statusCode === 200) this.done++;
        else this.failures.push(String(answer.statusCode));
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    await this.#agent.close();
  }
}

/** The host's time, which can be put forward; timers that are set already keep their length. */
export class JumpingClock implements Clock {
  readonly #base = systemClock();
  #ahead = 0;
  now = () => this.#base.now() + this.#ahead;
  after: Clock['after'] = (ms, fn) => this.#base.after(ms, fn);
  sleep: Clock['sleep'] = (ms, signal) => this.#base.sleep(ms, signal);

  jump(ms: number): void {
    this.#ahead += ms;
  }
}

/** Answers by backend, other statuses than 200 by themselves, of `count` requests, eight at once. */
export async function answers(url: string, count: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  let left = count;
  const agent = new Agent({ connections: 8, pipelining: 1 });
  const loop = async () => {
    while (left-- > 0) {
      const answer = await request(url, { dispatcher: agent });
      const text = await answer.body.text();
      const key = answer.statusCode === 200 ? text : String(answer.statusCode);
      seen[key] = (seen[key] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, loop));
  await agent.close();
  return seen;
}
