import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { collisionError, findCollisions } from '../config/collisions.ts';
import { loadPipeline } from '../config/load.ts';
import { everyFleet, projectFleets } from '../config/project.ts';
import type { Answers } from './answers.ts';
import { pipelineText } from './pipeline-text.ts';
import { roleFiles } from './role-texts.ts';

/** A file of the project, relative to its folder, and whether it was written or kept. */
export interface ProjectFile {
  path: string;
  written: boolean;
}

/** Folder of working files and the local cloud, ignored by git. */
/** Working files of the pipeline, and the secrets of a developer. */
const ignored = ['.pipeline/', '.env'];

/**
 * Writes `pipelines/<app>.ts` and other missing files. The configuration is validated before anything is written.
 * @throws usage error `config.invalid` or `config.names-collide`, with nothing written
 */
export async function writeProject(folder: string, answers: Answers): Promise<ProjectFile[]> {
  const text = pipelineText(answers);
  await check(folder, answers, text);
  const main = `pipelines/${answers.app}.ts`;
  await mkdir(join(folder, 'pipelines'), { recursive: true });
  await writeFile(join(folder, main), text);
  const files: ProjectFile[] = [{ path: main, written: true }];
  for (const [path, content] of Object.entries(roleFiles(answers))) {
    files.push({ path, written: await writeNew(join(folder, path), content) });
  }
  files.push({ path: '.gitignore', written: await ignore(join(folder, '.gitignore')) });
  return files;
}

async function check(folder: string, { app, environment }: Answers, text: string): Promise<void> {
  const trial = await mkdtemp(join(tmpdir(), 'gp-init-'));
  try {
    await mkdir(join(trial, 'pipelines'));
    await writeFile(join(trial, 'pipelines', `${app}.ts`), text);
    const pipeline = await loadPipeline({ projectDir: trial, app });
    pipeline.fleet(environment);
    const others = (await projectFleets(folder)).filter((fleet) => fleet.app !== app);
    const collisions = findCollisions([...others, ...everyFleet([pipeline])]).filter(({ fleets }) =>
      fleets.some((fleet) => fleet.app === app),
    );
    if (collisions.length > 0) throw collisionError(collisions);
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

async function writeNew(file: string, content: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function ignore(file: string): Promise<boolean> {
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const named = (line: string) => line.trim().replace(/^\/|\/$/g, '');
  const lines = known.split('\n').map(named);
  const missing = ignored.filter((name) => !lines.includes(named(name)));
  if (missing.length === 0) return false;
  await appendFile(file, `${known === '' || known.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`);
  return true;
}
