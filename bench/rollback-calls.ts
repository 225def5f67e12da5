import type { Benchmark, Figure } from '@golden-pipeline/shared/testing/figures';
import { delayProfiles } from 'golden-pipeline-local-cloud/model';
import { planRelease } from '../src/release/plan.ts';
import { planRollback } from '../src/rollback/plan.ts';
import { simulatedBenchFleet } from './support/simulated.ts';

/** AWS's delays, except those that only the preceding releases wait for. */
const delays = { ...delayProfiles.aws, imagePending: 1000, balancerProvisioning: 100 };

const sizes = [10, 350] as const;

/** AWS calls of a rollback, including its plan, with AWS's delays: their number must hardly grow with the fleet. */
export const rollbackCalls: Benchmark = {
  name: 'calls of a rollback',
  async run(say) {
    const figures: Figure[] = [];
    for (const method of ['switch', 'rolling'] as const) {
      const counts: number[] = [];
      for (const size of sizes) {
        say(`${method} of ${size} simulated machines`);
        const count = await callsOf(method, size);
        counts.push(count);
        figures.push({ figure: `${method}, ${size} simulated machines`, value: count, unit: 'calls' });
      }
      const [few = Number.NaN, many = Number.NaN] = counts;
      figures.push({
        figure: `${method}: growth from ${sizes[0]} to ${sizes[1]}`,
        value: many / few,
        unit: 'x',
        aim: '<= 1.3',
      });
    }
    return figures;
  },
};

async function callsOf(method: 'switch' | 'rolling', size: number): Promise<number> {
  const blueGreen = { strategy: 'blue-green' as const, weights: [100], stepSeconds: 0, rollbackWindow: 36_000 };
  const release = { pollSeconds: 5, verifySeconds: 5, ...(method === 'switch' ? blueGreen : {}) };
  const world = await simulatedBenchFleet({ min: size, max: 2 * size }, release, delays);
  try {
    await world.run((await planRelease(world.services, world.clock, {})) as never);
    world.cloud.calls.reset();
    await world.run((await planRollback(world.services, world.clock, { force: false, method })) as never);
    return world.cloud.calls.count;
  } finally {
    await world.close();
  }
}
