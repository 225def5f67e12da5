import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { DemoProject } from '../../examples/demo/project.ts';

/** The root of the package, above dist/. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** What `local up --json` prints. */
export interface Up {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  loadBalancers: { app: string; url: string }[];
}

/** A separate project and local cloud for one benchmark. */
export class BenchWorld {
  private constructor(
    readonly dir: string,
    readonly project: DemoProject,
  ) {}

  static async create(): Promise<BenchWorld> {
    const dir = await mkdtemp(path.join(tmpdir(), 'gp-bench-'));
    return new BenchWorld(dir, await DemoProject.create(root, path.join(dir, 'project')));
  }

  /** Runs a command and reads its JSON document. */
  async json<T>(...args: string[]): Promise<T> {
    const { stdout } = await execa(
      process.execPath,
      [path.join(root, 'bin/pipeline.mjs'), ...args, '--json', '--yes'],
      {
        cwd: this.project.dir,
        env: { PIPELINE_LOCAL_DIR: path.join(this.dir, 'cloud'), AWS_ENDPOINT_URL: undefined },
        stdin: 'ignore',
      },
    );
    return JSON.parse(stdout) as T;
  }

  /** Replaces text in a file of the project, and commits it. */
  async edit(file: string, from: string, to: string): Promise<void> {
    const full = path.join(this.project.dir, file);
    const text = await readFile(full, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    await writeFile(
      full,
      text.replace(from, () => to),
    );
    await this.project.commit(`Change ${file}`);
  }

  async close(): Promise<void> {
    await this.json('local', 'down');
    await rm(this.dir, { recursive: true, force: true });
  }
}
