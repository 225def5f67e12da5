import path from 'node:path';
import type { Benchmark, Figure } from '@golden-pipeline/shared/testing/figures';
import { execa } from 'execa';
import { delayProfiles } from 'golden-pipeline-local-cloud/model';
import type { LoadTotal } from '../examples/demo/load.ts';
import { planScale } from '../src/scale/plan.ts';
import { BenchWorld, root, type Up } from './support/bench-world.ts';
import { simulatedBenchFleet } from './support/simulated.ts';

/**
 * A scale-out before an event: 3 to 350 simulated instances with AWS's delays and rate limits, and 3 to 40 real
 * machines under load.
 */
export const scale: Benchmark = {
  name: 'scale',
  run: async () => [...(await large()), ...(await real())],
};

/** From the change of the size until all are healthy. */
function scaleSeconds(steps: readonly { id: string; seconds: number }[]): number {
  const of = (id: string) => steps.find((step) => step.id === id)?.seconds ?? Number.NaN;
  return of('resize') + of('wait');
}

async function large(): Promise<Figure[]> {
  const world = await simulatedBenchFleet({ min: 3, max: 350 });
  try {
    world.cloud.faults.add({ kind: 'throttle', profile: 'published' });
    world.cloud.calls.reset();
    const { steps } = await world.run((await planScale(world.services, world.clock, { to: 350 })) as never);
    const seconds = scaleSeconds(steps);
    const { healthCheck } = world.services.fleet.balancer;
    const { instancePending, instanceBoot } = delayProfiles.aws;
    const floor = (instancePending + instanceBoot) / 1000 + healthCheck.intervalSeconds * healthCheck.healthyThreshold;
    const { totals } = world.cloud.calls.report({ limit: 0 });
    const throttled = totals.reduce(
      (sum, { codes }) => sum + (codes.Throttling ?? 0) + (codes.RequestLimitExceeded ?? 0),
      0,
    );
    return [
      { figure: '3 to 350 simulated machines, all healthy', value: seconds, unit: 's of the cloud' },
      { figure: '3 to 350: floor set by launch and health checks', value: floor, unit: 's of the cloud' },
      { figure: '3 to 350: ratio', value: seconds / floor, unit: 'x', aim: '<= 1.05' },
      {
        figure: '3 to 350: calls of the API, validation and checks included',
        value: world.cloud.calls.count,
        unit: '',
      },
      { figure: '3 to 350: calls throttled with the published limits', value: throttled, unit: '', aim: '0' },
    ];
  } finally {
    await world.close();
  }
}

async function real(): Promise<Figure[]> {
  const world = await BenchWorld.create();
  try {
    await world.edit('pipelines/api.ts', 'capacity: { min: 4, max: 12 }', 'capacity: { min: 3, max: 80 }');
    const up = await world.json<Up>('local', 'up');
    await world.json('release', 'api');
    const url = up.loadBalancers.find((one) => one.app === 'api')?.url ?? '';
    const load = execa(process.execPath, [path.join(root, 'dist/demo.js'), '--load', url], { stdin: 'ignore' });
    const { steps } = await world.json<{ steps: { id: string; seconds: number }[] }>('scale', 'api', '40');
    load.kill('SIGTERM');
    const lines = (await load).stdout.trim().split('\n');
    const { total } = JSON.parse(lines.at(-1) ?? '') as { total: LoadTotal };
    const doctor = performance.now();
    await world.json('doctor', 'api');
    const doctorSeconds = (performance.now() - doctor) / 1000;
    return [
      {
        figure: '3 to 40 sandbox machines under load, all healthy',
        value: scaleSeconds(steps),
        unit: 's',
      },
      { figure: `3 to 40: failed of ${total.requests} requests`, value: total.failed, unit: '', aim: '0' },
      { figure: 'doctor, one app of 40 machines', value: doctorSeconds, unit: 's', aim: '<= 2' },
    ];
  } finally {
    await world.close();
  }
}
