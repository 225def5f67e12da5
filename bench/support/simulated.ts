import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DemoProject } from '../../examples/demo/project.ts';
import { createClients } from '../../src/aws/clients.ts';
import { provisionFleets } from '../../src/cli/local-fleets.ts';
import { loadFleet } from '../../src/config/load.ts';
import type { Fleet } from '../../src/config/settings.ts';
import type { Hosts } from '../../src/hosts/types.ts';
import { createFileLedger } from '../../src/ledger/ledger.ts';
import { startLocalCloud } from '../../src/local-cloud/daemon/cloud.ts';
import { type Delays, delayProfiles } from '../../src/local-cloud/settings.ts';
import { planRelease } from '../../src/operations/release.ts';
import { execute } from '../../src/run/execute.ts';
import { createRunId } from '../../src/run/run-id.ts';
import type { Plan } from '../../src/run/step.ts';
import { systemClock } from '../../src/shared/clock.ts';
import type { ScaleServices } from '../../src/steps/scale/state.ts';
import { root } from './bench-world.ts';

/** Any version, so that smoke tests of simulated machines pass. */
const everyVersion = Array.from({ length: 20 }, (_, index) => `"version":"v${index}"`).join(',');

const hosts: Hosts = {
  waitReachable: async () => undefined,
  forget: async () => undefined,
  play: async () => undefined,
  run: async () => '{"environments":[]}',
  close: async () => undefined,
};

/**
 * A fleet of simulated machines with AWS-like delays on a clock that runs `speed` times faster, and its first release on it.
 * @param release Settings of releases other than the project's.
 */
export async function simulatedBenchFleet(
  capacity: { min: number; max: number },
  speed: number,
  release: Partial<Fleet['release']> = {},
  delays: Delays = delayProfiles.aws,
) {
  const clock = systemClock(speed);
  const dir = await mkdtemp(path.join(tmpdir(), 'gp-bench-'));
  const project = await DemoProject.create(root, path.join(dir, 'project'));
  const cloud = await startLocalCloud({ dir: path.join(dir, 'cloud'), driver: 'simulated', delays, clock });
  const { endpoint, region, credentials } = cloud;
  const aws = createClients({ region, endpoint, credentials });
  const fleet = await loadFleet({ projectDir: project.dir, app: 'api', environment: 'local' });
  fleet.capacity = { ...capacity };
  fleet.balancer.healthCheck = { ...fleet.balancer.healthCheck, intervalSeconds: 10, healthyThreshold: 2 };
  fleet.release = {
    ...fleet.release,
    // Looked at every second: the two good readings in a row that are asked for cost no more than that.
    pollSeconds: 1,
    timeouts: { health: 3600, bake: 3600, drain: 3600, refresh: 7200, ansible: 600 },
    ...release,
  };
  await provisionFleets({
    projectDir: project.dir,
    cloud: { endpoint, region, ...credentials },
    note: () => undefined,
    fleets: [fleet],
  });
  const ledger = createFileLedger({
    dir: path.join(dir, 'ledger'),
    environment: 'local',
    clock,
    identity: { owner: 'bench', host: 'here' },
  });
  const services: ScaleServices = {
    fleet,
    aws,
    hosts,
    ledger,
    probe: async () => ({ status: 200, body: everyVersion, ms: 1 }),
    vcpuQuota: async () => 10_000,
    workDir: dir,
    by: 'bench@here',
  };
  const run = async <S extends ScaleServices, State>(plan: Plan<S, State>) => {
    const result = await execute(plan, {
      services: services as S,
      clock,
      sink: () => undefined,
      journal: ledger,
      runId: createRunId(clock),
      signal: new AbortController().signal,
    });
    if (result.error) throw result.error;
    return result;
  };
  await run((await planRelease(services, clock, {})) as never);
  return {
    cloud,
    clock,
    services,
    run,
    async close() {
      for (const client of Object.values(aws)) client.destroy();
      await cloud.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
