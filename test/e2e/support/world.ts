import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { until, withinAMinute } from '@golden-pipeline/shared/testing/until';
import { execa } from 'execa';
import type { LoadSecond, LoadTotal } from '../../../examples/demo/load.ts';
import { DemoProject } from '../../../examples/demo/project.ts';
import { Terminal } from './terminal.ts';

export const root = path.resolve(import.meta.dirname, '../../..');

/** What a command left behind. */
export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** What `pipeline local up` prints. */
export interface Up {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  loadBalancers: { app: string; url: string }[];
}

/** A project of its own with a local cloud of its own, driven through the built command line as a user would. */
export class World {
  readonly env: Record<string, string | undefined>;
  #up: Up | undefined;
  /** Commands that a failed test may leave running. */
  readonly #running = new Set<{ kill(signal: NodeJS.Signals): unknown }>();

  private constructor(
    readonly project: DemoProject,
    readonly dir: string,
  ) {
    this.env = {
      PIPELINE_LOCAL_DIR: path.join(dir, 'cloud'),
      AWS_ENDPOINT_URL: undefined,
      PIPELINE_USER: 'tester',
      HOME: dir,
    };
  }

  /**
   * A new project, whose cloud has not been started yet.
   * @param dir an empty folder; one of its own below the system's unless given
   */
  static async create(dir?: string): Promise<World> {
    const own = dir ?? (await mkdtemp(path.join(tmpdir(), 'gp-e2e-')));
    return new World(await DemoProject.create(root, path.join(own, 'project')), own);
  }

  /**
   * A copy of a world that is stopped, booted until api's whole fleet serves. Ids, disks and host keys are the same; the address block
   * and the port are its own, as a cloud takes others where those of before are taken.
   */
  static async copy(from: string): Promise<World> {
    const dir = await mkdtemp(path.join(tmpdir(), 'gp-e2e-'));
    const world = new World(new DemoProject(path.join(dir, 'project')), dir);
    try {
      await execa('cp', ['-a', '--reflink=auto', '--', `${from}/.`, dir]);
      await world.up();
      const fleet = () => world.json<{ desired: number; healthy: number }>('status', 'api');
      await until(fleet, ({ desired, healthy }) => healthy === desired, withinAMinute);
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** Starts the cloud, and makes the fleets that are missing. */
  async up(): Promise<Up> {
    this.#up = await this.json<Up>('local', 'up');
    return this.#up;
  }

  /** Stops the cloud and keeps its state. */
  async down(): Promise<void> {
    await this.done('local', 'down');
  }

  /** Where an app is served, by the last `up`. */
  url(app: string): string {
    const found = this.#up?.loadBalancers.find((one) => one.app === app);
    if (!found) throw new Error(`no load balancer serves ${app}`);
    return found.url;
  }

  /** Runs `pipeline ...` in the project; it never rejects. */
  async pipeline(...args: string[]): Promise<Ended> {
    const result = await this.start(...args);
    return { exitCode: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  /** Starts `pipeline ...` in the project. */
  start(...args: string[]) {
    const child = execa(process.execPath, [path.join(root, 'bin/pipeline.mjs'), ...args], {
      cwd: this.project.dir,
      env: this.env,
      stdin: 'ignore',
      reject: false,
    });
    this.#running.add(child);
    void child.then(() => this.#running.delete(child));
    return child;
  }

  /** Starts `pipeline ...` on a terminal of its own. */
  onTerminal(...args: string[]): Terminal {
    const terminal = new Terminal([process.execPath, path.join(root, 'bin/pipeline.mjs'), ...args], {
      cwd: this.project.dir,
      env: { ...this.env, CI: undefined, TERM: 'xterm' },
    });
    this.#running.add(terminal);
    void terminal.ended.then(() => this.#running.delete(terminal));
    return terminal;
  }

  /** Runs `pipeline ... --json` and reads the document; throws with all the output when the exit code is not 0. */
  async json<T>(...args: string[]): Promise<T> {
    const { stdout } = await this.done(...args, '--json');
    return JSON.parse(stdout) as T;
  }

  /** Runs `pipeline ...`, which must end with 0. */
  async done(...args: string[]): Promise<Ended> {
    const ended = await this.pipeline(...args);
    if (ended.exitCode !== 0)
      throw new Error(`pipeline ${args.join(' ')} ended with ${ended.exitCode}\n${ended.stdout}\n${ended.stderr}`);
    return ended;
  }

  /** Replaces text in a file of the project, and commits nothing. */
  async edit(file: string, from: string, to: string): Promise<void> {
    const full = path.join(this.project.dir, file);
    const text = await readFile(full, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    await writeFile(
      full,
      text.replace(from, () => to),
    );
  }

  /** As {@link edit}, and commits it: plays run from a commit, and a release wants to know which configuration it had. */
  async configure(file: string, from: string, to: string): Promise<void> {
    await this.edit(file, from, to);
    await this.project.commit(`Change ${file}`);
  }

  /** Ends and removes everything, also what a failed test has left running. */
  async close(): Promise<void> {
    for (const child of [...this.#running, ...loads]) child.kill('SIGKILL');
    await this.pipeline('local', 'down');
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Requests a second: one every 10 ms meets whatever a change does to a fleet, and leaves the processors to other test files. */
const loadRate = 100;

/** Requests a second where it is tested that releases and rollbacks go on under more than 500. */
export const highRate = 550;

/** Loads of this test file that run. */
const loads = new Set<{ kill(signal: NodeJS.Signals): unknown }>();

/** A constant load in a process of its own. */
export class Load {
  readonly seconds: LoadSecond[] = [];
  #total: LoadTotal | undefined;
  readonly #child;
  readonly #lines;
  readonly #closed: Promise<unknown>;

  /** @param rate Requests a second. */
  constructor(url: string, rate = loadRate) {
    this.#child = execa(process.execPath, [path.join(root, 'dist/demo.js'), '--load', url, `${rate}`], {
      stdin: 'ignore',
      buffer: false,
      reject: false,
      // It ends when its last requests are answered or have failed; killed earlier it would not print what it saw.
      forceKillAfterDelay: 60_000,
    });
    loads.add(this.#child);
    void this.#child.then(() => loads.delete(this.#child));
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#closed = once(this.#lines, 'close');
    this.#lines.on('line', (line) => {
      const parsed = JSON.parse(line) as LoadSecond | { total: LoadTotal };
      if ('total' in parsed) this.#total = parsed.total;
      else this.seconds.push(parsed);
    });
  }

  /** Resolves when the first second has passed. */
  async warm(): Promise<void> {
    await once(this.#lines, 'line');
  }

  async stop(): Promise<LoadTotal> {
    this.#child.kill('SIGTERM');
    await Promise.all([this.#closed, this.#child]);
    if (!this.#total) throw new Error('the load ended without a total');
    return this.#total;
  }
}
