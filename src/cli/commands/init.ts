import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { RunningFleet } from '../../aws/running-fleet.ts';
import { loadPipeline } from '../../config/load.ts';
import { missingFiles } from '../../config/missing-files.ts';
import { appName } from '../../config/names.ts';
import type { Answers } from '../../project/answers.ts';
import { gatherPlace, gatherRest } from '../../project/gather.ts';
import { writeProject } from '../../project/write-project.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { type CliContext, projectDir } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { refusedPlaybooks } from '../playbooks.ts';
import { numberOf, textOf } from '../values.ts';
import { writeJson } from '../views/json.ts';

/** Roles that come with the pipeline: an app of that name would hide them. */
const reserved = ['release', 'node', 'python'];

/** `pipeline init <app>`: the files of a new app, from a running fleet or from answers. */
export const run: CommandModule['run'] = async (context, [given = ''], options) => {
  const app = appName(given);
  if (reserved.includes(app)) {
    throw usageError('init.reserved', `${show(app)} is a role of the pipeline itself`, 'call the app something else');
  }
  const folder = projectFolder(context, options);
  const file = `pipelines/${app}.ts`;
  if (existsSync(join(folder, file)) && !options.force) {
    throw usageError('init.exists', `${file} is there already`, 'to write it anew: --force');
  }
  const place = await gatherPlace(context, options);
  const running = await readRunning(context, options, folder, app, place);
  const answers = await gatherRest(context, options, app, place, running);
  const files = await writeProject(folder, answers);
  const notes = [...notesOn(answers), ...(await missingNotes(context, folder, app))];
  if (options.json) writeJson(context.stdout, { app, environment: place.environment, files, notes });
  else {
    for (const { path, written } of files) context.stdout.write(`${written ? 'written' : 'kept   '}  ${path}\n`);
    for (const note of notes) context.stdout.write(`note: ${note}\n`);
    context.stdout.write(
      `next: pipeline config check ${app}; then pipeline doctor ${app}; then commit these files, as a release wants them\n`,
    );
  }
  return exitCodes.done;
};

/** A new project starts in the folder where one is. */
function projectFolder(context: CliContext, options: CommandOptions): string {
  try {
    return projectDir(context, options);
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'project.not-found') throw error;
    const folder = resolve(context.cwd, options.project ?? '.');
    if (existsSync(folder) && statSync(folder).isDirectory()) return folder;
    throw usageError('project.not-found', `there is no folder ${show(options.project ?? '')}`, 'make it first');
  }
}

async function readRunning(
  context: CliContext,
  options: CommandOptions,
  folder: string,
  app: string,
  place: Pick<Answers, 'environment' | 'cloud' | 'region'>,
): Promise<RunningFleet | undefined> {
  const name = textOf(options, 'fromGroup');
  if (name === undefined) return undefined;
  // 1 to 255 characters without a colon, says the API of Auto Scaling.
  if (!/^[^\p{Cc}\p{Zl}\p{Zp}:]{1,255}$/u.test(name)) {
    throw usageError('init.from-group', `${show(name)} is no name of an Auto Scaling group`);
  }
  const listenerPort = numberOf(options, 'listenerPort');
  const [{ createClients }, { readRunningFleet }, { cloudTarget }] = await Promise.all([
    import('../../aws/clients.ts'),
    import('../../aws/running-fleet.ts'),
    import('../../composition/services.ts'),
  ]);
  const aws = createClients(cloudTarget(context, { ...place, app, projectDir: folder }));
  try {
    return await readRunningFleet(aws, name, { targetGroup: textOf(options, 'targetGroup'), listenerPort });
  } finally {
    for (const client of Object.values(aws)) client.destroy();
  }
}

/** What the new file names and the project does not have. */
async function missingNotes(context: CliContext, projectDir: string, app: string): Promise<string[]> {
  const pipeline = await loadPipeline({ projectDir, app });
  const fleets = pipeline.environments.map((name) => pipeline.fleet(name));
  const missing = fleets.flatMap(missingFiles).map(({ message, fix }) => `${message}; ${fix}`);
  return [...new Set([...missing, ...(await refusedPlaybooks(context, fleets))])];
}

function notesOn({ running }: Answers): string[] {
  if (!running) return [];
  const { TargetType, TargetGroupName } = running.targetGroup;
  const notes: string[] = [];
  if (!running.proof) {
    notes.push(
      'there is no proof route, which status and release need; golden-pipeline/docs/aws-setup.md says what it consists of',
    );
  }
  if (TargetType !== undefined && TargetType !== 'instance') {
    notes.push(`target group ${TargetGroupName} has targets by ${TargetType}; a release needs instances`);
  }
  return notes;
}
