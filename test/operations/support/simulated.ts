import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DemoProject } from '../../../examples/demo/project.ts';
import { type AwsClients, createClients } from '../../../src/aws/clients.ts';
import { provisionFleets } from '../../../src/cli/local-fleets.ts';
import { loadFleet } from '../../../src/config/load.ts';
import type { Fleet } from '../../../src/config/settings.ts';
import type { Hosts } from '../../../src/hosts/types.ts';
import { createFileLedger } from '../../../src/ledger/ledger.ts';
import { type LocalCloud, startLocalCloud } from '../../../src/local-cloud/daemon/cloud.ts';
import { readStatus } from '../../../src/operations/read-status.ts';
import { execute, type RunResult } from '../../../src/run/execute.ts';
import { createRunId } from '../../../src/run/run-id.ts';
import type { Plan, Step } from '../../../src/run/step.ts';
import type { Clock } from '../../../src/shared/clock.ts';
import { PipelineError } from '../../../src/shared/errors.ts';
import type { Services } from '../../../src/steps/services.ts';
import { steadyClock } from '../../support/steady-clock.ts';

const root = path.resolve(import.meta.dirname, '../../..');

type Edits = readonly [from: string, to: string][];
type Answer = (url: string, headers?: Record<string, string>) => { status: number; body: string };

/** The fleet of the demo project on simulated machines, on a clock that runs faster: every delay is there, none is waited for in full. */
export class Simulated {
  private constructor(
    readonly dir: string,
    readonly cloud: LocalCloud,
    readonly aws: AwsClients,
    readonly fleet: Fleet,
    readonly services: Services,
    readonly clock: Clock,
    /** What the hosts were told, `action instance`. */
    readonly plays: string[],
    /** What probes are answered. */
    readonly answers: { to: Answer },
  ) {}

  /**
   * @param edits Replacements in the project's `pipelines/api.ts`, each of which must be found; or what prepares the cloud and gives them.
   * @param provision Makes the fleets; without it `local up` does.
   */
  static async create(
    edits: Edits | ((aws: AwsClients) => Promise<Edits>) = [],
    factor = 20,
    provision: (options: Parameters<typeof provisionFleets>[0]) => Promise<unknown> = provisionFleets,
  ): Promise<Simulated> {
    const clock = steadyClock(factor);
    const dir = await mkdtemp(path.join(tmpdir(), 'gp-simulated-'));
    const project = await DemoProject.create(root, path.join(dir, 'project'));
    const file = path.join(project.dir, 'pipelines/api.ts');
    const cloud = await startLocalCloud({ dir: path.join(dir, 'cloud'), driver: 'simulated', clock });
    const aws = createClients({ region: cloud.region, endpoint: cloud.endpoint, credentials: cloud.credentials });
    const wanted = typeof edits === 'function' ? await edits(aws) : edits;
    let text = await readFile(file, 'utf8');
    for (const [from, to] of wanted) {
      if (!text.includes(from)) throw new Error(`pipelines/api.ts has no ${from}`);
      text = text.replace(from, () => to);
    }
    await writeFile(file, text);
    if (wanted.length > 0) await project.commit('Settings of this test');
    const { endpoint, region, credentials } = cloud;
    const fleet = await loadFleet({ projectDir: project.dir, app: 'api', environment: 'local' });
    await provision({
      projectDir: project.dir,
      cloud: { endpoint, region, ...credentials },
      note: () => undefined,
      // Where there was something to prepare, there may be nothing for other fleets.
      fleets: typeof edits === 'function' ? [fleet] : undefined,
    });
    const plays: string[] = [];
    const answers: { to: Answer } = { to: everyVersion };
    const services: Services = {
      fleet,
      aws,
      hosts: hostsThat(plays),
      ledger: createFileLedger({
        dir: path.join(dir, 'ledger'),
        environment: 'local',
        clock,
        identity: { owner: 'tester', host: 'here' },
      }),
      probe: async (url, { headers }) => ({ ...answers.to(url, headers), ms: 1 }),
      workDir: dir,
      by: 'tester@here',
    };
    return new Simulated(dir, cloud, aws, fleet, services, clock, plays, answers);
  }

  /**
   * Runs a plan to its end, keeping its journal in the ledger.
   * @param lost Once aborted, nothing more is changed or undone, as if the process had died.
   * @param runId That of an earlier process, to go on with its run.
   */
  run<State>(
    plan: Plan<Services, State>,
    {
      signal = new AbortController().signal,
      lost,
      runId,
    }: { signal?: AbortSignal; lost?: AbortSignal; runId?: string } = {},
  ): Promise<RunResult<State>> {
    const { services, clock } = this;
    return execute(plan, {
      services,
      clock,
      sink: () => undefined,
      journal: services.ledger,
      runId: runId ?? createRunId(clock),
      signal,
      lost,
    });
  }

  /** Who serves: `v1 InService healthy` of each instance. */
  async serving(): Promise<string[]> {
    const { instances } = await readStatus(this.services);
    return instances.map(({ version, lifecycle, health }) => `${version} ${lifecycle} ${health}`);
  }

  async close(): Promise<void> {
    await this.cloud.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** {@link Simulated.serving} of the demo project's fleet after its first release. */
export const firstRelease: string[] = Array(4).fill('v1 InService healthy');

/** Every version at once: which one serves is not what most of these tests are about. */
export const everyVersion = () => ({
  status: 200,
  body: Array.from({ length: 99 }, (_, index) => `"version":"v${index}"`).join(','),
});

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

function hostsThat(plays: string[]): Hosts {
  return {
    waitReachable: async () => undefined,
    forget: async () => undefined,
    play: async (host, _playbook, variables) => {
      plays.push(`${variables.release_action} ${host.instanceId}`);
    },
    run: async () => '',
    close: async () => undefined,
  };
}
