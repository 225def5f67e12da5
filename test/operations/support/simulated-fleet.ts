import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DemoProject } from '../../../examples/demo/project.ts';
import { createClients } from '../../../src/aws/clients.ts';
import { provisionFleets } from '../../../src/cli/local-fleets.ts';
import { loadFleet } from '../../../src/config/load.ts';
import type { Hosts } from '../../../src/hosts/types.ts';
import { createFileLedger } from '../../../src/ledger/ledger.ts';
import { startLocalCloud } from '../../../src/local-cloud/daemon/cloud.ts';
import { execute } from '../../../src/run/execute.ts';
import { createRunId } from '../../../src/run/run-id.ts';
import type { Plan, Step } from '../../../src/run/step.ts';
import { PipelineError } from '../../../src/shared/errors.ts';
import type { Services } from '../../../src/steps/services.ts';
import { steadyClock } from '../../support/steady-clock.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** Every version at once: which one serves is not what such a test is about. */
const everyVersion = Array.from({ length: 50 }, (_, index) => `"version":"v${index}"`).join(',');

/**
 * A fleet of simulated machines on a clock that runs faster, whose hosts can switch between the environments that they were
 * activated with. `flips` tells who was asked to switch, `broken` who refuses.
 */
export async function simulatedFleet() {
  const clock = steadyClock(20);
  const dir = await mkdtemp(path.join(tmpdir(), 'gp-fleet-'));
  const project = await DemoProject.create(root, path.join(dir, 'project'));
  const cloud = await startLocalCloud({ dir: path.join(dir, 'cloud'), driver: 'simulated', clock });
  const aws = createClients({ region: cloud.region, endpoint: cloud.endpoint, credentials: cloud.credentials });
  await provisionFleets({
    projectDir: project.dir,
    cloud: { endpoint: cloud.endpoint, region: cloud.region, ...cloud.credentials },
    note: () => undefined,
  });
  const fleet = await loadFleet({ projectDir: project.dir, app: 'api', environment: 'local' });
  const activated: string[] = [];
  const flips: string[] = [];
  const notes: string[] = [];
  const broken = new Set<string>();
  /** Called before a host answers. */
  const before: { flip?: (instanceId: string, version: string) => Promise<void> } = {};
  const hosts: Hosts = {
    waitReachable: async () => undefined,
    forget: async () => undefined,
    play: async (_host, _playbook, { release_action, release_version }) => {
      if (release_action === 'activate') activated.unshift(release_version);
      if (release_action === 'revert') activated.splice(activated.indexOf(release_version), 1);
    },
    run: async (host, argv) => {
      if (argv.at(-1) === 'list') return JSON.stringify({ environments: activated.slice(0, 3) });
      const version = argv.at(-1) ?? '';
      await before.flip?.(host.instanceId, version);
      flips.push(`${host.instanceId} ${version}`);
      if (broken.has(host.instanceId)) return JSON.stringify({ ok: false, reason: 'the disk is full' });
      return JSON.stringify({ ok: true, version, seconds: 0.1 });
    },
    close: async () => undefined,
  };
  const services: Services = {
    fleet,
    aws,
    hosts,
    ledger: createFileLedger({
      dir: path.join(dir, 'ledger'),
      environment: 'local',
      clock,
      identity: { owner: 'tester', host: 'here' },
    }),
    probe: async () => ({ status: 200, body: everyVersion, ms: 1 }),
    workDir: dir,
    by: 'tester@here',
  };
  return {
    clock,
    project,
    cloud,
    services,
    flips,
    /** What steps of all runs have noted. */
    notes,
    broken,
    before,
    /** Runs a plan to its end, keeping its journal in the ledger. */
    run: <State>(plan: Plan<Services, State>, signal = new AbortController().signal) =>
      execute(plan, {
        services,
        clock,
        sink: (event) => event.code === 'step.note' && notes.push(event.message),
        journal: services.ledger,
        runId: createRunId(clock),
        signal,
      }),
    async close() {
      await cloud.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The same plan, with a step that fails as soon as it has done its work. */
export function failingAfter<State>(plan: Plan<Services, State>, id: string): Plan<Services, State> {
  const failing = (step: Step<Services, State>): Step<Services, State> => ({
    ...step,
    run: async (context) => {
      await step.run(context);
      throw new PipelineError('test.broken', `broken on purpose after ${id}`);
    },
  });
  return { ...plan, steps: plan.steps.map((step) => (step.id === id ? failing(step) : step)) };
}
