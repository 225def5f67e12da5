import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';

/** The sample services that `pipelines/` names. */
const samples = ['api', 'frontend', 'heracles'];

/** A project as a team would have it: its own git repository with pipelines/, ansible/ and the sample app. */
export class DemoProject {
  constructor(readonly dir: string) {}

  /** Copies the parts of `root` that a project needs and commits them. */
  static async create(root: string, dir: string): Promise<DemoProject> {
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir, { recursive: true });
    for (const part of ['pipelines', 'ansible', 'packer', ...samples.map((name) => `examples/${name}`)]) {
      await cp(path.join(root, part), path.join(dir, part), {
        recursive: true,
        filter: (source) => !source.includes('node_modules'),
      });
    }
    await writeFile(path.join(dir, '.gitignore'), 'node_modules/\n.pipeline/\n');
    const project = new DemoProject(dir);
    await project.#git('init', '--quiet', '--initial-branch=main');
    await project.#git('add', '--all');
    await project.commit('The first version');
    return project;
  }

  /** Changes what the app answers at `/` and commits it; returns the commit. */
  async change(headline: string): Promise<string> {
    const file = path.join(this.dir, 'examples/api/config.json');
    const config = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, `${JSON.stringify({ ...config, headline }, null, 2)}\n`);
    await this.commit(headline);
    return this.head();
  }

  async head(): Promise<string> {
    return (await this.#git('rev-parse', 'HEAD')).trim();
  }

  /** Commits every change of tracked files. */
  async commit(message: string): Promise<void> {
    await this.#git(
      '-c',
      'user.name=Demo',
      '-c',
      'user.email=demo@example.invalid',
      'commit',
      '--quiet',
      '--all',
      '-m',
      message,
    );
  }

  async #git(...args: string[]): Promise<string> {
    const { stdout } = await execa('git', ['-C', this.dir, ...args]);
    return stdout;
  }
}
