import { existsSync, rmSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { type Patience, until } from '@golden-pipeline/shared/testing/until';
import { execa } from 'execa';
import { type DirectCloudOptions, seededRandom } from 'golden-pipeline-local-cloud';
import { DemoProject } from '../../examples/demo/project.ts';
import type { AwsClients } from '../../src/aws/clients.ts';
import { loadFleet } from '../../src/config/load.ts';
import type { Fleet } from '../../src/config/settings.ts';
import { Connection } from '../../src/engine/connection.ts';
import type { EventSink } from '../../src/engine/events.ts';
import { execute, type RunResult } from '../../src/engine/execute.ts';
import { createPoll } from '../../src/engine/poll.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { Plan, Step } from '../../src/engine/step.ts';
import type { ReleaseAction } from '../../src/hosts/types.ts';
import { provisionFleets } from '../../src/provision/fleets.ts';
import { readStatus } from '../../src/status/read.ts';
import { direct, onTheWire, type Place, type TestServices, testServices } from './simulated-cloud.ts';
import { type HostsOfTest, simulatedHosts, standardPlaybook } from './simulated-hosts.ts';

const root = repository(import.meta.dirname);

type Edits = readonly [from: string, to: string][];
type Answer = (url: string, headers?: Record<string, string>) => { status: number; body: string };
type Provision = (options: Parameters<typeof provisionFleets>[0] & { clients: AwsClients }) => Promise<unknown>;

export interface SimulatedOptions extends Pick<DirectCloudOptions, 'seed' | 'delays'> {
  /** Settings other than those of the file. */
  settings?: (fleet: Fleet) => Fleet;
  /** Makes the fleets; without it `local up` does. */
  provision?: Provision;
  /** On the wire, for what makes its own clients: then time is the host's, 20 times as fast. */
  wire?: boolean;
  /** The project of an earlier fixture with the same edits, which nobody has changed. */
  sharedProject?: boolean;
  /** Whether hosts can switch between the environments that they were activated with, as those of an app with sockets can. */
  switching?: boolean;
}

/**
 * The fleet of the demo project on simulated instances, in this process and on virtual time: every delay is there, none is waited for.
 * The ledger is in memory; the project's git repository is real.
 */
export class Simulated implements HostsOfTest {
  /** Versions that hosts were activated with, the newest first. */
  readonly activated: string[] = [];
  /** Who was asked to switch to what, `instance version`. */
  readonly switchedHosts: string[] = [];
  /** What steps of all runs have noted. */
  readonly notes: string[] = [];
  /** Hosts that refuse to switch. */
  readonly broken = new Set<string>();
  /** Called before a host answers. */
  readonly before: { inPlace?: (instanceId: string, version: string) => Promise<void> } = {};
  /** What the hosts were told, `action instance`. */
  readonly plays: string[] = [];
  /** Actions that the playbook ends well and does nothing for: its role is skipped, or it runs in check mode. */
  readonly skipped = new Set<ReleaseAction | 'run'>();
  readonly switches: HostsOfTest['switches'] = new Set();
  readonly secrets: HostsOfTest['secrets'] = { calls: [], before: new Set() };
  readonly playbook = standardPlaybook();
  readonly changes: HostsOfTest['changes'] = {};
  readonly service: HostsOfTest['service'] = {};
  /** What all hosts have and cleaning takes, and a boot does not make again. */
  readonly identity: string[] = [];
  /** What probes are answered. */
  readonly answers: { to: Answer } = { to: everyVersion };

  private constructor(
    readonly dir: string,
    readonly project: DemoProject,
    readonly cloud: Place,
    readonly aws: AwsClients,
    readonly fleet: Fleet,
    readonly clock: Clock,
    /** Errors of the cloud's own. */
    readonly reports: unknown[],
    readonly services: TestServices,
    /** For the poller's jitter of runs; chance unless there is a seed. */
    private readonly random: (() => number) | undefined,
  ) {}

  /** @param edits Replacements in the project's `pipelines/api.ts`, each of which must be found; or what prepares the cloud and gives them. */
  static async create(
    edits: Edits | ((aws: AwsClients) => Promise<Edits>) = [],
    options: SimulatedOptions = {},
  ): Promise<Simulated> {
    const { settings = (same) => same, provision = provisionFleets, switching = false } = options;
    const reports: unknown[] = [];
    const dir = await mkdtemp(path.join(tmpdir(), 'gp-simulated-'));
    const opened = { ...options, dir: path.join(dir, 'cloud'), report: (error: unknown) => reports.push(error) };
    const { cloud, clock } = await (options.wire ? onTheWire(opened) : direct(opened));
    const random = options.seed === undefined ? undefined : seededRandom(options.seed);
    const { endpoint, region, credentials } = cloud;
    const connection = new Connection({ clock, limitMs: 900_000 });
    const aws = cloud.newClients(connection);
    const wanted = typeof edits === 'function' ? await edits(aws) : edits;
    const project = await (options.sharedProject ? shared(wanted) : editedProject(path.join(dir, 'project'), wanted));
    const loaded = settings(await loadFleet({ projectDir: project.dir, app: 'api', environment: 'local' }));
    await provision({
      projectDir: project.dir,
      cloud: { endpoint, region, ...credentials },
      note: () => undefined,
      // Where there was something to prepare, or to set, there may be nothing for other fleets.
      fleets: typeof edits === 'function' || options.settings ? [loaded] : undefined,
      clients: aws,
      poll: createPoll(clock, undefined, random),
    });
    const services = testServices({ fleet: loaded, cloud, aws, clock, dir, connection });
    const world = new Simulated(dir, project, cloud, aws, loaded, clock, reports, services, random);
    services.hosts = simulatedHosts(world, loaded.app, switching);
    services.probe = async (url, { headers }) => ({ ...world.answers.to(url, headers), ms: 1 });
    return world;
  }

  /**
   * Runs a plan to its end, keeping its journal in the ledger.
   * @param lost Once aborted, nothing more is changed or undone, as if the process had died.
   * @param runId That of an earlier process, to go on with its run.
   */
  async run<State>(
    plan: Plan<TestServices, State>,
    {
      signal = new AbortController().signal,
      lost,
      runId,
      sink,
    }: { signal?: AbortSignal; lost?: AbortSignal; runId?: string; sink?: EventSink } = {},
  ): Promise<RunResult<State>> {
    const { services, clock } = this;
    const id = runId ?? createRunId(clock);
    const result = await execute(plan, {
      services,
      connection: services.connection,
      clock,
      sink: (event) => {
        if (event.code === 'step.note') this.notes.push(event.message);
        sink?.(event);
      },
      journal: services.ledger,
      runId: id,
      signal,
      lost,
      random: this.random,
    });
    if (result.outcome === 'manual-intervention' && !lost?.aborted) await this.record(id, plan, result);
    return result;
  }

  /** Keeps the record of a run whose tags stay on the groups: without it they would be those of another ledger. */
  private async record<State>(id: string, plan: Plan<TestServices, State>, result: RunResult<State>): Promise<void> {
    const { ledger } = this.services;
    if (await ledger.run(id)) return;
    const { operation, app, environment } = plan;
    const at = new Date(this.clock.now()).toISOString();
    await ledger.saveRun({
      ...{ id, operation, app, environment, startedAt: at, finishedAt: at, by: 'tester', host: 'here' },
      ...{ command: `pipeline ${operation} ${app}`, outcome: result.outcome, steps: [] },
    });
  }

  /** Who serves: `v1 InService healthy` of each instance. */
  async serving(): Promise<string[]> {
    const { instances } = await readStatus(this.services);
    return instances.map(({ version, lifecycle, health }) => `${version} ${lifecycle} ${health}`);
  }

  /** Reads until what is read fits, a quarter of a second of virtual time apart. */
  until<T>(read: () => Promise<T> | T, fits?: (value: T) => unknown, patience: Patience = {}): Promise<T> {
    return until(read, fits, { pause: () => this.clock.sleep(250), ...patience });
  }

  async close(): Promise<void> {
    for (const client of Object.values(this.aws)) client.destroy();
    await this.cloud.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** The folder with package.json above a source, or above the bundle that it is in. */
function repository(folder: string): string {
  return existsSync(path.join(folder, 'package.json')) ? folder : repository(path.dirname(folder));
}

/** {@link Simulated.serving} of the demo project's fleet after its first release. */
export const firstRelease: string[] = Array(4).fill('v1 InService healthy');

/** Every version at once: which one serves is not what most of these tests are about. */
export const everyVersion = () => ({
  status: 200,
  body: Array.from({ length: 99 }, (_, index) => `"version":"v${index}"`).join(','),
});

/** The same plan, with a step that fails as soon as it has done its work. */
export function failingAfter<Services, State>(plan: Plan<Services, State>, id: string): Plan<Services, State> {
  const failing = (step: Step<Services, State>): Step<Services, State> => ({
    ...step,
    run: async (context) => {
      await step.run(context);
      throw new PipelineError('test.broken', `broken on purpose after ${id}`);
    },
  });
  return { ...plan, steps: plan.steps.map((step) => (step.id === id ? failing(step) : step)) };
}

let template: Promise<string> | undefined;

/** Folders of this process that many fixtures use. */
const removedAtExit = new Set<string>();
process.once('exit', () => {
  for (const folder of removedAtExit) rmSync(folder, { recursive: true, force: true });
});

const sharedProjects = new Map<string, Promise<DemoProject>>();

/** One project of this process for all that want the same edits. */
function shared(edits: Edits): Promise<DemoProject> {
  const key = JSON.stringify(edits);
  const known =
    sharedProjects.get(key) ??
    mkdtemp(path.join(tmpdir(), 'gp-project-')).then((dir) => {
      removedAtExit.add(dir);
      return editedProject(path.join(dir, 'project'), edits);
    });
  sharedProjects.set(key, known);
  return known;
}

async function editedProject(dir: string, edits: Edits): Promise<DemoProject> {
  const project = await newProject(dir);
  await edit(project, edits);
  return project;
}

/** The demo project, committed once for all fixtures of this process and then copied. */
async function newProject(dir: string): Promise<DemoProject> {
  template ??= mkdtemp(path.join(tmpdir(), 'gp-project-')).then(async (made) => {
    removedAtExit.add(made);
    await DemoProject.create(root, made);
    // What pipelines files import is compiled once for all copies, and there are fewer files to copy.
    await loadFleet({ projectDir: made, app: 'api', environment: 'local' });
    await execa('git', ['-C', made, 'gc', '--quiet']);
    return made;
  });
  await cp(await template, dir, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return new DemoProject(dir);
}

async function edit(project: DemoProject, wanted: Edits): Promise<void> {
  if (wanted.length === 0) return;
  const file = path.join(project.dir, 'pipelines/api.ts');
  let text = await readFile(file, 'utf8');
  for (const [from, to] of wanted) {
    if (!text.includes(from)) throw new Error(`pipelines/api.ts has no ${from}`);
    text = text.replace(from, () => to);
  }
  await writeFile(file, text);
  await project.commit('Settings of this test');
}
