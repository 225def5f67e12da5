import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { collisionError, findCollisions } from '../config/collisions.ts';
import { loadPipeline } from '../config/load.ts';
import type { Pipeline } from '../config/pipeline.ts';
import { everyFleet, projectFleets } from '../config/project.ts';
import { readPipelineFile } from '../config/read.ts';
import { validate } from '../config/validate.ts';
import { addEnvironment } from './add-environment.ts';
import type { Answers } from './answers.ts';
import type { EnvironmentAnswers } from './environment-text.ts';
import { pipelineText } from './pipeline-text.ts';
import { roleFiles } from './role-texts.ts';

/** A file of the project, relative to its folder, and whether it was written or kept. */
export interface ProjectFile {
  path: string;
  written: boolean;
}

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
  files.push({ path: '.gitignore', written: await ignore(folder) });
  return files;
}

/**
 * Adds an environment to `pipelines/<app>.ts`; its other text stays as it is. The result is validated before it is written.
 * @throws as {@link addEnvironment} and {@link writeProject}, with nothing written
 */
export async function extendProject(folder: string, app: string, answers: EnvironmentAnswers): Promise<ProjectFile[]> {
  const path = `pipelines/${app}.ts`;
  const file = join(folder, path);
  const text = addEnvironment(await readFile(file, 'utf8'), answers, path);
  // Beside the file, as it may import others by their relative paths; the dot keeps it from being an app's file.
  const trial = join(folder, 'pipelines', `.${app}.init.ts`);
  try {
    await writeFile(trial, text);
    const raw = await readPipelineFile(trial, path, folder);
    await assertFits(folder, answers.environment, validate(raw, { app, file: path, projectDir: folder }));
  } finally {
    await rm(trial, { force: true });
  }
  await writeFile(file, text);
  return [
    { path, written: true },
    { path: '.gitignore', written: await ignore(folder) },
  ];
}

async function check(folder: string, { app, environment }: Answers, text: string): Promise<void> {
  const trial = await mkdtemp(join(tmpdir(), 'gp-init-'));
  try {
    await mkdir(join(trial, 'pipelines'));
    await writeFile(join(trial, 'pipelines', `${app}.ts`), text);
    await assertFits(folder, environment, await loadPipeline({ projectDir: trial, app }));
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

/** The environment is whole, and shares no name with another fleet of the project. */
async function assertFits(folder: string, environment: string, pipeline: Pipeline): Promise<void> {
  const { app } = pipeline;
  pipeline.fleet(environment);
  const others = (await projectFleets(folder)).filter((fleet) => fleet.app !== app);
  const collisions = findCollisions([...others, ...everyFleet([pipeline])]).filter(({ fleets }) =>
    fleets.some((fleet) => fleet.app === app),
  );
  if (collisions.length > 0) throw collisionError(collisions);
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

async function ignore(folder: string): Promise<boolean> {
  const file = join(folder, '.gitignore');
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const named = (line: string) => line.trim().replace(/^\/|\/$/g, '');
  const lines = known.split('\n').map(named);
  // Where this package is installed; a project in another language may have no line for it yet.
  const packages = existsSync(join(folder, 'node_modules')) ? ['node_modules/'] : [];
  const missing = [...packages, ...ignored].filter((name) => !lines.includes(named(name)));
  if (missing.length === 0) return false;
  await appendFile(file, `${known === '' || known.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`);
  return true;
}
