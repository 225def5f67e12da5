import { systemClock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, expect, it } from 'vitest';
import { fleet, testCloud } from '../../packages/local-cloud/test/elb/support/cloud.ts';
import { startCloudWatch } from '../../packages/local-cloud/test/elb/support/cloud-watch.ts';
import {
  freePort,
  Load,
  ownAddress,
  startBackend,
  startDriver,
} from '../../packages/local-cloud/test/elb/support/real.ts';
import { credentials, region } from '../../packages/local-cloud/test/wire/support/start-wire.ts';
import { CounterWatch, pastCounters } from '../../src/analysis/counters.ts';
import { createMetrics, type Metrics } from '../../src/aws/metrics.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A second of the test is a minute of the cloud: the balancer reports by the minute. */
const clock = systemClock(60);

/** A real balancer before one backend under load, and its metrics, read over the wire. */
async function start() {
  const real = await startDriver();
  closers.push(() => real.close());
  const address = ownAddress();
  const port = await freePort(address);
  const cloud = testCloud(clock, real.driver, address);
  closers.push(() => cloud.service.stop());
  const backend = await startBackend('i-1');
  closers.push(() => backend.close());
  cloud.instance(backend.id, '127.0.0.1');
  const check = { HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1, HealthCheckPath: '/health' };
  const { group, listener } = await fleet(cloud, check, port);
  await cloud.call('RegisterTargets', {
    TargetGroupArn: group,
    Targets: [{ Id: backend.id, Port: backend.port }],
  });
  await until(() => cloud.context.state.targetGroups[group]?.targets[0]?.state === 'healthy');
  const wire = await startCloudWatch(cloud.context);
  closers.push(() => wire.close());
  const metrics = createMetrics({ endpoint: wire.endpoint, region, credentials });
  closers.push(() => metrics.close());
  const load = new Load(`http://${address}:${port}/`, 8);
  closers.push(() => load.stop());
  return { metrics, backend, where: { listenerArn: listener, targetGroupArn: group } };
}

async function past(metrics: Metrics, where: Parameters<typeof pastCounters>[1]) {
  await until(async () => ((await pastCounters(metrics, where, clock.now()))?.requests ?? 0) > 500);
  const before = await pastCounters(metrics, where, clock.now());
  if (!before) throw new Error('no counters, though there were some a moment ago');
  return before;
}

it('evaluates a version by the real traffic that the load balancer has counted', async () => {
  const { metrics, backend, where } = await start();
  const before = await past(metrics, where);
  expect(before).toMatchObject({ targetErrors: 0, balancerErrors: 0, p95Ms: expect.any(Number) });
  const limits = { minSamples: 20, errorMargin: 2, errorFactor: 2, latencyFactor: 2, latencyFloorMs: 100 };
  const watchFrom = () => new CounterWatch({ metrics, where, before, limits, reads: 2, since: clock.now() });

  const good = watchFrom();
  await until(async () => {
    expect(await good.read(clock.now())).toEqual([]);
    return (good.total()?.requests ?? 0) > 500;
  });

  backend.status = 500;
  const bad = watchFrom();
  await until(async () => (await bad.read(clock.now())).some((fault) => fault.persistent), Boolean, { seconds: 20 });
  const [fault] = await bad.read(clock.now());
  expect(fault?.message).toMatch(
    /^the balancer counted (\d+) errors in \1 requests of a minute \(100 %\), before: 0 of \d+ \(0 %\)$/,
  );

  backend.status = 200;
  backend.delayMs = 200;
  const slow = watchFrom();
  await until(async () => (await slow.read(clock.now())).some((one) => one.persistent), Boolean, { seconds: 20 });
  expect((await slow.read(clock.now()))[0]?.message).toMatch(
    /^the balancer measured p95 \d{3} ms over a minute, before: /,
  );
});
