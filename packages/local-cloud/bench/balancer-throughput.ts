import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import autocannon from 'autocannon';
import type { ListenerRecord, LoadBalancerRecord, TargetGroupRecord } from 'golden-pipeline-local-cloud/model';
import { HaproxyDriver } from '../src/elb/haproxy/driver.ts';

const backendCount = 2;
const rounds = 15;
const secondsPerRound = 1;
const connections = 50;
const address = `127.${100 + Math.floor(Math.random() * 100)}.2.1`;

/** Requests per second through the local cloud's balancer, against HAProxy with a minimal configuration and the same backends. */
export async function run(): Promise<{
  name: string;
  rows: { figure: string; value: number; unit: string; aim?: string }[];
}> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-lb-'));
  const cleanups: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const backends: number[] = [];
    for (let n = 0; n < backendCount; n++) {
      const backend = spawn(process.execPath, ['--input-type=module', '-e', backendCode], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      cleanups.push(() => end(backend));
      const [port] = (await once(backend.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      backends.push(Number(port.toString()));
    }
    const barePort = await freePort();
    const bare = await startBare(dir, barePort, backends);
    cleanups.push(() => end(bare));
    const ourPort = await freePort();
    const ours = await startOurs(dir, ourPort, backends);
    cleanups.push(() => ours.close());

    // Short pairs, in turn and in both orders: whatever else the machine does meets both of a pair alike.
    const pairs: { ours: Load; bare: Load }[] = [];
    for (const port of [barePort, ourPort]) await load(port, secondsPerRound);
    for (let round = 0; round < rounds; round++) {
      const pair = { ours: nothing, bare: nothing };
      for (const which of round % 2 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const))
        pair[which] = await load(which === 'ours' ? ourPort : barePort, secondsPerRound);
      pairs.push(pair);
    }
    const ratio = median(pairs.map((pair) => pair.ours.rate / pair.bare.rate));
    return {
      name: 'balancer throughput',
      rows: [
        {
          figure: 'through the balancer',
          value: Math.round(median(pairs.map((pair) => pair.ours.rate))),
          unit: 'requests/s',
        },
        {
          figure: 'through bare HAProxy',
          value: Math.round(median(pairs.map((pair) => pair.bare.rate))),
          unit: 'requests/s',
        },
        { figure: 'balancer over bare HAProxy', value: Number(ratio.toFixed(3)), unit: 'ratio', aim: '>= 0.95' },
        { figure: 'through the balancer, p99', value: median(pairs.map((pair) => pair.ours.p99)), unit: 'ms' },
        { figure: 'through bare HAProxy, p99', value: median(pairs.map((pair) => pair.bare.p99)), unit: 'ms' },
      ],
    };
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

const backendCode = `
import { createServer } from 'node:http';
const server = createServer((request, response) => response.end('ok'));
server.keepAliveTimeout = 75000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

/** What one would write by hand for these backends and nothing else. */
async function startBare(dir: string, port: number, backends: number[]): Promise<ChildProcess> {
  const config = `global
  nbthread ${Math.min(4, availableParallelism())}
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend in
  bind ${address}:${port}
  default_backend out
backend out
  balance roundrobin
${backends.map((backend, n) => `  server s${n} 127.0.0.1:${backend}`).join('\n')}
`;
  writeFileSync(join(dir, 'bare.cfg'), config);
  const path = `${process.env.PATH ?? ''}:/usr/sbin`;
  // Detached as the balancer's HAProxy is: Linux schedules sessions as groups, which alone makes a quarter of a difference.
  const options = { env: { ...process.env, PATH: path }, detached: true, stdio: 'ignore' } as const;
  const child = spawn('haproxy', ['-db', '-f', join(dir, 'bare.cfg')], options);
  await until(
    async () =>
      (await fetch(`http://${address}:${port}/`).then(
        (answer) => answer.ok,
        () => false,
      )) === true,
  );
  return child;
}

/** The balancer as an API fleet uses it: a weighted forward to one target group, health checks, forwarded headers. */
async function startOurs(dir: string, port: number, backends: number[]): Promise<HaproxyDriver> {
  const driver = new HaproxyDriver({ dir: join(dir, 'ours'), clock: systemClock(), report: console.error });
  await driver.start();
  const group: TargetGroupRecord = {
    ...{ arn: 'group', name: 'group', protocol: 'HTTP', port: 80, attributes: {}, targets: [], tags: {} },
    healthCheck: {
      ...{ path: '/', protocol: 'HTTP', port: 'traffic-port', intervalSeconds: 1, timeoutSeconds: 1 },
      ...{ healthyThreshold: 2, unhealthyThreshold: 2, matcher: '200' },
    },
  };
  const balancer: LoadBalancerRecord = {
    ...{
      arn: 'balancer',
      name: 'balancer',
      dnsName: address,
      address,
      scheme: 'internal',
      type: 'application',
      state: 'active',
    },
    ...{ createdAt: 0, subnetIds: [], securityGroupIds: [], vpcId: '', attributes: {}, tags: {} },
  };
  const defaultActions = [{ Type: 'forward', TargetGroupArn: group.arn }];
  const listener: ListenerRecord = {
    arn: 'listener',
    loadBalancerArn: balancer.arn,
    port,
    protocol: 'HTTP',
    defaultActions,
    tags: {},
  };
  await driver.apply({ loadBalancers: [balancer], listeners: [listener], rules: [], targetGroups: [group] });
  for (const [n, backend] of backends.entries())
    await driver.add(group.arn, { id: `b${n}`, address: '127.0.0.1', port: backend });
  await until(async () => (await driver.read()).every(({ health }) => health === 'up'));
  return driver;
}

interface Load {
  /** Requests a second. */
  rate: number;
  /** Milliseconds. */
  p99: number;
}

const nothing: Load = { rate: 0, p99: 0 };

async function load(port: number, duration: number): Promise<Load> {
  const result = await autocannon({ url: `http://${address}:${port}/`, connections, duration });
  if (result.non2xx || result.errors) throw new Error(`${result.non2xx + result.errors} requests failed under load`);
  return { rate: result.requests.total / result.duration, p99: result.latency.p99 };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, address, () => {
      const place = server.address();
      server.close(() => resolve(typeof place === 'object' && place ? place.port : 0));
    });
  });
}

async function until(test: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error('the bench did not get ready within 15 s');
    await systemClock().sleep(50);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
