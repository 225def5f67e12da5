import type { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StartInstanceRefreshCommand } from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateVersionCommand } from '@aws-sdk/client-ec2';
import { systemClock } from '@golden-pipeline/shared/clock';
import type { Benchmark, Figure } from '@golden-pipeline/shared/testing/figures';
import autocannon from 'autocannon';
import { startLocalCloud } from 'golden-pipeline-local-cloud';
import { account, delayProfiles } from 'golden-pipeline-local-cloud/model';
import { BenchCloud, type BenchFleet } from './support/bench-cloud.ts';

const large = 350;
const many = 50;
const few = 10;
/** How much faster the clock of the refresh with AWS's delays runs. */
const speed = 60;
/** In seconds: with AWS's delays the whole of it is waited for, and the default of 300 would hide what the refresh itself takes. */
const deregistrationDelay = 5;
const connections = 50;
/** Requests a second for the cost of noting them, and how long they come. */
const rate = 5_000;
const rateSeconds = 5;

/** Fleets on the local cloud: the memory they take, how soon they are healthy, refreshes of a large one and under load. */
export const localFleets: Benchmark = {
  name: 'local cloud fleets',
  run: async () => [...(await simulated()), ...(await scaled()), ...(await sandboxes()), ...(await underLoad())],
};

/** Memory with hundreds of simulated machines, before and after all of them were replaced. */
async function simulated(): Promise<Figure[]> {
  const cloud = await BenchCloud.start('simulated');
  try {
    const empty = await cloud.memory();
    const fleet = await cloud.fleet(large);
    await cloud.allHealthy(fleet.targets, large);
    const up = await cloud.processMemory();
    await refreshed(cloud, fleet);
    return [
      { figure: 'memory of the daemon without machines', value: empty, unit: 'MiB' },
      { figure: `memory with ${large} simulated machines`, value: up.resident, unit: 'MiB', aim: '<= 300' },
      {
        figure: `memory after a refresh of ${large} simulated machines`,
        value: (await cloud.processMemory()).resident,
        unit: 'MiB',
        aim: '<= 300',
      },
    ];
  } finally {
    await cloud.close();
  }
}

/** The same fleet with AWS's delays on a clock that runs faster; the client is in the same process, and looks seldom. */
async function scaled(): Promise<Figure[]> {
  const dir = await mkdtemp(path.join(tmpdir(), 'gp-bench-'));
  const clock = systemClock(speed);
  const cloud = await startLocalCloud({ dir, driver: 'simulated', delays: 'aws', clock });
  const client = new BenchCloud({ ...cloud, ...cloud.credentials, pid: process.pid }, dir);
  try {
    const fleet = await client.fleet(large);
    await client.drainFor(fleet.targets, deregistrationDelay);
    await client.allHealthy(fleet.targets, large);
    const cpu = process.cpuUsage();
    const began = { cloud: clock.now(), host: performance.now() };
    await refreshed(client, fleet);
    const seconds = (performance.now() - began.host) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const { instancePending, instanceBoot, instanceShutdown } = delayProfiles.aws;
    const floor = (instancePending + instanceBoot + 2_000 + instanceShutdown) / 1000 + deregistrationDelay;
    const what = `refresh of ${large} simulated machines, AWS's delays`;
    return [
      { figure: `${what}: time of the cloud`, value: (clock.now() - began.cloud) / 1000, unit: 's' },
      { figure: `${what}: delays on its way`, value: floor, unit: 's' },
      { figure: `${what}, clock ${speed} times as fast: wall time`, value: seconds, unit: 's' },
      { figure: `${what}: processor time`, value: (user + system) / 1e6, unit: 's' },
    ];
  } finally {
    client.disconnect();
    await cloud.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** From the order of machines to all of them healthy behind the balancer, thresholds of two checks included. */
async function sandboxes(): Promise<Figure[]> {
  const cloud = await BenchCloud.start('sandbox');
  try {
    const began = performance.now();
    const { targets } = await cloud.fleet(many);
    await cloud.allHealthy(targets, many);
    const seconds = (performance.now() - began) / 1000;
    const { own, proportional } = await cloud.processMemory();
    const daemon = await cloud.memory();
    return [
      { figure: `${many} sandbox machines, launched and all healthy`, value: seconds, unit: 's', aim: '<= 10' },
      { figure: `memory of the daemon with ${many} sandbox machines`, value: daemon, unit: 'MiB' },
      { figure: `memory (PSS) of all processes with ${many} sandbox machines`, value: proportional, unit: 'MiB' },
      {
        figure: `memory (PSS) beside the daemon, for each of ${many} sandbox machines`,
        value: (proportional - own) / many,
        unit: 'MiB',
      },
    ];
  } finally {
    await cloud.close();
  }
}

/** A roll while as many requests as the host can make come in. */
async function underLoad(): Promise<Figure[]> {
  const cloud = await BenchCloud.start('sandbox');
  try {
    const fleet = await cloud.fleet(few);
    await cloud.allHealthy(fleet.targets, few);
    const idle = await cloud.cpuSeconds(() => systemClock().sleep(rateSeconds * 1000));
    const noting = await cloud.cpuSeconds(() =>
      autocannon({ url: fleet.url, connections, overallRate: rate, duration: rateSeconds }),
    );
    const load = startLoad(fleet.url);
    const began = performance.now();
    await refreshed(cloud, fleet);
    const seconds = (performance.now() - began) / 1000;
    const result = await load.stop();
    const failed = result.non2xx + result.errors + result.timeouts + load.unanswered();
    const what = `roll of ${few} sandbox machines under the highest load`;
    const percent = (cpuSeconds: number) => (cpuSeconds / rateSeconds) * 100;
    return [
      { figure: `daemon with ${few} sandbox machines, at rest`, value: percent(idle), unit: '% of a core' },
      { figure: `daemon with ${rate} requests/s through HAProxy`, value: percent(noting), unit: '% of a core' },
      { figure: `${what}: wall time`, value: seconds, unit: 's' },
      { figure: `${what}: requests a second`, value: result.requests.total / result.duration, unit: '/s' },
      { figure: `${what}: p99`, value: result.latency.p99, unit: 'ms' },
      { figure: `${what}: failed of ${result.requests.total} requests`, value: failed, unit: '', aim: '0' },
    ];
  } finally {
    await cloud.close();
  }
}

/**
 * As many requests as the connections can carry, until it is stopped. `unanswered`: requests whose connection was closed before the
 * answer; autocannon does not count those, it connects again.
 */
function startLoad(url: string): { stop(): Promise<autocannon.Result>; unanswered(): number } {
  let stop = () => {};
  let unanswered = 0;
  const setupClient = (client: EventEmitter) => {
    let open = false;
    client.on('request', () => {
      if (open) unanswered++;
      open = true;
    });
    for (const event of ['response', 'connError']) client.on(event, () => (open = false));
    // Told after the next request was sent, and counted by autocannon.
    client.on('timeout', () => unanswered--);
  };
  const result = new Promise<autocannon.Result>((resolve, reject) => {
    const options = { url, connections, duration: 600, timeout: 10, setupClient };
    const load = autocannon(options, (error, total) => (error ? reject(error) : resolve(total)));
    stop = () => load.stop();
  });
  return {
    stop() {
      stop();
      return result;
    },
    unanswered: () => unanswered,
  };
}

/** Replaces all machines, the new ones first, and waits until that is done. */
async function refreshed(cloud: BenchCloud, fleet: BenchFleet): Promise<void> {
  const { LaunchTemplateName, AutoScalingGroupName } = fleet;
  const data = { SourceVersion: '1', LaunchTemplateData: { ImageId: account.baseImageId } };
  await cloud.ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateName, ...data }));
  await cloud.asg.send(
    new StartInstanceRefreshCommand({
      AutoScalingGroupName,
      Preferences: { MinHealthyPercentage: 100, MaxHealthyPercentage: 200, InstanceWarmup: 0 },
    }),
  );
  for (;;) {
    const { Status, StatusReason } = (await cloud.refresh(AutoScalingGroupName)) ?? {};
    if (Status === 'Successful') return;
    if (Status !== 'Pending' && Status !== 'InProgress') throw new Error(`the refresh is ${Status}: ${StatusReason}`);
    await systemClock().sleep(100);
  }
}
