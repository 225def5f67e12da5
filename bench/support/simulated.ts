import { type Delays, delayProfiles } from 'golden-pipeline-local-cloud/model';
import type { Fleet } from '../../src/config/settings.ts';
import type { Plan } from '../../src/engine/step.ts';
import { planRelease } from '../../src/release/plan.ts';
import { Simulated } from '../../test/support/simulated.ts';

/**
 * A fleet of simulated instances with AWS-like delays, on virtual time, with its first release.
 * @param release Settings of releases other than the project's.
 */
export async function simulatedBenchFleet(
  capacity: { min: number; max: number },
  release: Partial<Fleet['release']> = {},
  delays: Delays = delayProfiles.aws,
) {
  const world = await Simulated.create([], {
    delays,
    settings: (fleet) => ({
      ...fleet,
      capacity: { ...capacity },
      balancer: {
        ...fleet.balancer,
        healthCheck: { ...fleet.balancer.healthCheck, intervalSeconds: 10, healthyThreshold: 2 },
      },
      release: {
        ...fleet.release,
        // Read every second, so that the two required consecutive readings take no longer.
        pollSeconds: 1,
        timeouts: { health: 3600, bake: 3600, drain: 3600, refresh: 7200, ansible: 600, connection: 900 },
        ...release,
      },
    }),
  });
  const { services } = world;
  services.vcpuQuota = async () => 10_000;
  /** Runs a plan to its end; rejects with what it failed of. */
  const run = async <State>(plan: Plan<typeof services, State>) => {
    const result = await world.run(plan);
    if (result.error) throw result.error;
    return result;
  };
  await run(await planRelease(services, world.clock, {}));
  return { cloud: world.cloud, clock: world.clock, services, run, close: () => world.close() };
}
