import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { RunInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeTargetGroupsCommand, RegisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { systemClock } from '@golden-pipeline/shared/clock';
import { type Benchmark, type Figure, median } from '@golden-pipeline/shared/testing/figures';
import { delayProfiles } from 'golden-pipeline-local-cloud/model';
import { createClients } from '../src/aws/clients.ts';
import { readGroup } from '../src/aws/groups.ts';
import { readInstance } from '../src/aws/instances.ts';
import type { RunEvent } from '../src/engine/events.ts';
import { createPoll } from '../src/engine/poll.ts';
import { BenchWorld, type Up } from './support/bench-world.ts';

/** Settings of the `local` environment in pipelines/api.ts, in seconds. */
const health = { interval: 1, healthy: 2 };
const verifySeconds = 5;

/** The delays of the local cloud, in seconds. */
const delays = Object.fromEntries(Object.entries(delayProfiles.quick).map(([key, ms]) => [key, ms / 1000])) as Record<
  keyof typeof delayProfiles.quick,
  number
>;
const launch = delays.instancePending + delays.instanceBoot;
const healthy = health.interval * health.healthy;

/**
 * Minimum duration of a release in seconds, without Ansible: the delays that the cloud imposes. detach: the drain;
 * bake: the image and then the thresholds of the returning host; validate: launch, thresholds, drain; roll: launch and
 * thresholds of one wave (100/200), then the drain and shutdown of the old; verify: its window.
 */
const imposed =
  delays.minimumDrain +
  delays.imagePending +
  healthy +
  (launch + healthy + delays.minimumDrain) +
  (launch + healthy + delays.minimumDrain + delays.instanceShutdown) +
  verifySeconds;

/** A release's wall time compared with its critical path, and an instance's launch with the configured delays. */
export const release: Benchmark = {
  name: 'release',
  async run() {
    const figures: Figure[] = [];
    for (const size of [4, 10]) figures.push(...(await measure(size)));
    return figures;
  },
};

async function measure(size: number): Promise<Figure[]> {
  const world = await BenchWorld.create();
  try {
    await world.edit(
      'pipelines/api.ts',
      'capacity: { min: 4, max: 12 }',
      `capacity: { min: ${size}, max: ${size * 2} }`,
    );
    const up = await world.json<Up>('local', 'up');
    await world.json('release', 'api');
    await world.project.change(`A fleet of ${size}`);
    const events = path.join(world.dir, 'events.ndjson');
    const { seconds } = await world.json<{ seconds: number }>('release', 'api', '--events', events);
    const ansible = await ansibleSeconds(events);
    const figures: Figure[] = [
      { figure: `release, fleet of ${size}: wall time`, value: seconds, unit: 's' },
      {
        figure: `release, fleet of ${size}: critical path (cloud ${imposed.toFixed(1)} + Ansible)`,
        value: imposed + ansible,
        unit: 's',
      },
      { figure: `release, fleet of ${size}: ratio`, value: seconds / (imposed + ansible), unit: 'x', aim: '<= 1.10' },
    ];
    if (size === 4) figures.push(...(await measureLaunch(up)));
    return figures;
  } finally {
    await world.close();
  }
}

/** Seconds between intent and outcome of every change that is a play. */
async function ansibleSeconds(file: string): Promise<number> {
  const plays = new Set(['stage-environment', 'activate-environment', 'clean-host']);
  const begun = new Map<string, number>();
  let ms = 0;
  for (const line of (await readFile(file, 'utf8')).trim().split('\n')) {
    const event = JSON.parse(line) as RunEvent;
    if (event.code === 'change.intent' && plays.has(event.action)) begun.set(event.token, event.at);
    if (event.code === 'change.outcome') ms += event.at - (begun.get(event.token) ?? event.at);
  }
  return ms / 1000;
}

/** RunInstances of the golden image, registered as soon as possible, to the first 200 through the validation route. */
async function measureLaunch(up: Up): Promise<Figure[]> {
  const { ec2, elb, autoScaling } = createClients({ region: up.region, endpoint: up.endpoint, credentials: up });
  const url = up.loadBalancers[0]?.url;
  const { TargetGroups } = await elb.send(new DescribeTargetGroupsCommand({ Names: ['api-local-check'] }));
  // The version that the group launches, as the newest one may belong to an unfinished release.
  const { launchTemplate: template } = await readGroup(autoScaling, 'api-local');
  const poll = createPoll(systemClock());
  const beyond: number[] = [];
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        MinCount: 1,
        MaxCount: 1,
        LaunchTemplate: { LaunchTemplateId: template.id, Version: template.version },
      }),
    );
    const id = Instances?.[0]?.InstanceId ?? '';
    const wait = <T>(what: string, read: () => Promise<T>, until: (value: T) => boolean) =>
      poll({ what, read, until, everyMs: 10, timeoutMs: 30_000 });
    await wait(
      'running',
      () => readInstance(ec2, id),
      (machine) => machine?.state === 'running',
    );
    await elb.send(
      new RegisterTargetsCommand({ TargetGroupArn: TargetGroups?.[0]?.TargetGroupArn, Targets: [{ Id: id }] }),
    );
    const probe = async () => (await fetch(`${url}/health`, { headers: { 'x-golden-validation': 'on' } })).status;
    await wait('a first 200', probe, (status) => status === 200);
    beyond.push(performance.now() - started - (launch + healthy) * 1000);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await wait(
      'terminated',
      () => readInstance(ec2, id),
      (machine) => !machine || machine.state === 'terminated',
    );
    await wait('the end of the route', probe, (status) => status !== 200);
  }
  return [
    {
      figure: 'launch to first 200, beyond boot delay and thresholds',
      value: median(beyond),
      unit: 'ms',
      aim: '<= 150',
    },
  ];
}
