import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { nearest, show } from '@golden-pipeline/shared/text';
import { loadShared } from './load-shared.ts';
import { appName, appPattern, environmentName, nameRules, reservedName, sharedName } from './names.ts';
import type { Pipeline } from './pipeline.ts';
import type { Fleet } from './settings.ts';

const folder = 'pipelines';

/** The apps of a project, by the files in `pipelines/`, sorted; empty without that folder. Files are not loaded. */
export async function listApps(projectDir: string): Promise<string[]> {
  return (await namesIn(projectDir))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => name.slice(0, -'.ts'.length))
    .filter((name) => appPattern.test(name) && name !== sharedName)
    .sort();
}

async function namesIn(projectDir: string): Promise<string[]> {
  return readdir(join(projectDir, folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw usageError('config.unreadable', `cannot read ${folder}/ in ${projectDir}: ${error.code ?? error.message}`);
  });
}

/**
 * Files of `pipelines/` that define a pipeline but are not named `<app>.ts`, such as `api.js` or `my_app.ts`, and are
 * ignored.
 * @returns a sentence with the required name for each, sorted
 */
export async function unreadFiles(projectDir: string): Promise<string[]> {
  const apps = new Set(await listApps(projectDir));
  const found: string[] = [];
  for (const name of (await namesIn(projectDir)).sort()) {
    const [, stem = '', type] = /^([^.]+)\.([cm]?[jt]sx?)$/.exec(name) ?? [];
    if (type === undefined || (type === 'ts' && apps.has(stem))) continue;
    const text = await readFile(join(projectDir, folder, name), 'utf8').catch(() => '');
    if (!/\bdefinePipeline\b/.test(text)) continue;
    const rule = reservedName(stem) ?? `an app's name is ${nameRules.app}`;
    const wanted =
      appPattern.test(stem) && stem !== sharedName
        ? `${folder}/${stem}.ts; plain JavaScript is valid there`
        : `${folder}/<app>.ts; ${rule}`;
    found.push(`${folder}/${name} is not read as the file of an app: name it ${wanted}`);
  }
  return found;
}

/**
 * Loads and validates `pipelines/<app>.ts`.
 * @throws usage error `config.invalid` with the mistakes as lines of its details, `config.unknown-app`, `config.unreadable`,
 * `config.no-default-export`, `config.no-pipelines`, `name.app`
 */
export async function loadPipeline({ projectDir, app }: { projectDir: string; app: string }): Promise<Pipeline> {
  const name = appName(app);
  const apps = await listApps(projectDir);
  if (!apps.includes(name)) throw unknownApp(name, apps, projectDir, await unreadFiles(projectDir));
  const file = join(folder, `${name}.ts`);
  // The loader and the validation cost some 100 ms: commands without a configuration do not load them.
  const [{ readPipelineFile }, { validate }] = await Promise.all([import('./read.ts'), import('./validate.ts')]);
  const [raw, shared] = await Promise.all([
    readPipelineFile(join(projectDir, file), file, projectDir),
    loadShared(projectDir),
  ]);
  return validate(raw, { app: name, file, projectDir }, shared);
}

/**
 * Loads the settings of one fleet. The environment is the given one, else the file's `defaultEnvironment`, else its
 * only one.
 * @throws as {@link loadPipeline}; `name.environment`, `config.unknown-environment`, `config.which-environment`
 */
export async function loadFleet(wanted: { projectDir: string; app: string; environment?: string }): Promise<Fleet> {
  const environment = wanted.environment === undefined ? undefined : environmentName(wanted.environment);
  const pipeline = await loadPipeline(wanted);
  if (pipeline.onlyTasks) {
    const tasks = Object.keys(pipeline.tasks).join(', ');
    throw usageError('config.no-fleet', `${pipeline.file} has tasks and no fleet`, `its tasks: ${tasks}`);
  }
  return pipeline.fleet(environment);
}

/**
 * Checks names from the command line: that the project has the app, and the app the environment. A file with mistakes
 * passes, as its environments are not known.
 * @throws usage errors `name.app`, `name.environment`, `config.unknown-app`, `config.unknown-environment`
 */
export async function assertNames(wanted: { projectDir: string; app: string; environment?: string }): Promise<void> {
  const environment = wanted.environment === undefined ? undefined : environmentName(wanted.environment);
  const name = appName(wanted.app);
  const apps = await listApps(wanted.projectDir);
  if (!apps.includes(name)) throw unknownApp(name, apps, wanted.projectDir, await unreadFiles(wanted.projectDir));
  const pipeline = environment === undefined ? undefined : await loadPipeline(wanted).catch(unlessDefect);
  pipeline?.fleet(environment);
}

function unlessDefect(error: unknown): undefined {
  if (!(error instanceof PipelineError)) throw error;
}

function unknownApp(app: string, apps: string[], projectDir: string, unread: string[]): PipelineError {
  if (apps.length === 0) {
    return usageError(
      'config.no-pipelines',
      `there is no ${folder}/*.ts in ${projectDir}`,
      `write it: pipeline init ${app}; or go to the project's folder`,
      unread,
    );
  }
  const near = nearest(app, apps);
  const fix = near ? `did you mean ${near}? (apps: ${apps.join(', ')})` : `apps here: ${apps.join(', ')}`;
  return usageError('config.unknown-app', `there is no app ${show(app)}`, fix, unread);
}
