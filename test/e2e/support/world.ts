import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { LoadSecond, LoadTotal } from '../../../examples/demo/load.ts';
import { DemoProject } from '../../../examples/demo/project.ts';

export const root = path.resolve(import.meta.dirname, '../../..');

/** What a command left behind. */
export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A project of its own with a local cloud of its own, driven through the built command line as a user would. */
export class World {
  private constructor(
    readonly project: DemoProject,
    readonly dir: string,
    readonly env: Record<string, string | undefined>,
  ) {}

  static async create(): Promise<World> {
    const dir = await mkdtemp(path.join(tmpdir(), 'gp-e2e-'));
    const project = await DemoProject.create(root, path.join(dir, 'project'));
    return new World(project, dir, {
      PIPELINE_LOCAL_DIR: path.join(dir, 'cloud'),
      AWS_ENDPOINT_URL: undefined,
      PIPELINE_USER: 'tester',
      HOME: dir,
    });
  }

  /** Runs `pipeline ...` in the project; it never rejects. */
  async pipeline(...args: string[]): Promise<Ended> {
    const result = await this.start(...args);
    return { exitCode: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  /** Starts `pipeline ...` in the project. */
  start(...args: string[]) {
    return execa(process.execPath, [path.join(root, 'bin/pipeline.mjs'), ...args], {
      cwd: this.project.dir,
      env: this.env,
      stdin: 'ignore',
      reject: false,
    });
  }

  /** Runs `pipeline ... --json` and reads the document; throws with all the output when the exit code is not 0. */
  async json<T>(...args: string[]): Promise<T> {
    const ended = await this.pipeline(...args, '--json');
    if (ended.exitCode !== 0)
      throw new Error(`pipeline ${args.join(' ')} ended with ${ended.exitCode}\n${ended.stdout}\n${ended.stderr}`);
    return JSON.parse(ended.stdout) as T;
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

  async close(): Promise<void> {
    await this.pipeline('local', 'down');
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** A constant load in a process of its own. */
export class Load {
  readonly seconds: LoadSecond[] = [];
  #total: LoadTotal | undefined;
  readonly #child;
  readonly #lines;
  readonly #closed: Promise<unknown>;

  constructor(url: string) {
    this.#child = execa(process.execPath, [path.join(root, 'dist/demo.js'), '--load', url], {
      stdin: 'ignore',
      buffer: false,
      reject: false,
    });
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
