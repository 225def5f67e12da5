import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { commandWords } from '../../config/command-words.ts';
import { appName } from '../../config/names.ts';
import { projectDir } from '../../config/project-dir.ts';
import { gatherPlace, gatherRest, type Interview } from '../../project/gather.ts';
import { fleetNotes, missingNotes } from '../../project/notes.ts';
import { readRunning } from '../../project/read-running.ts';
import { writeProject } from '../../project/write-project.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { flag, number, parseOptions, text } from '../options.ts';
import { askText } from '../terminal-prompter.ts';
import { writeJson } from '../views/json.ts';
import { printable } from '../views/text.ts';

/** Roles that come with the pipeline: an app of that name would hide them. */
const reserved = ['release', 'node', 'python'];

/** `pipeline init <app>`: the files of a new app, from a running fleet or from answers. */
export const run: CommandModule['run'] = async (context, [given = ''], options) => {
  const app = appName(given);
  if (reserved.includes(app)) {
    throw usageError('init.reserved', `${show(app)} is a role of the pipeline itself`, 'call the app something else');
  }
  if (commandWords.includes(app)) {
    throw usageError('init.reserved', `pipeline ${app} is a command`, 'call the app something else');
  }
  const own = parseOptions(options, { force: flag, fromGroup: text, targetGroup: text, listenerPort: number });
  const folder = projectFolder(context, options);
  const file = `pipelines/${app}.ts`;
  if (existsSync(join(folder, file)) && !own.force) {
    throw usageError('init.exists', `${file} is there already`, 'to overwrite it: --force');
  }
  const interview = interviewOf(context, options);
  const { AWS_REGION, AWS_DEFAULT_REGION } = context.env;
  const place = await gatherPlace(interview, AWS_REGION ?? AWS_DEFAULT_REGION);
  const running = await readRunning(context, own, { ...place, app, projectDir: folder });
  const answers = await gatherRest(interview, app, place, running);
  const files = await writeProject(folder, answers);
  const notes = [...fleetNotes(answers), ...(await missingNotes(context, folder, app))];
  if (options.json) writeJson(context.stdout, { app, environment: place.environment, files, notes });
  else {
    for (const { path, written } of files)
      context.stdout.write(`${written ? 'written' : 'kept   '}  ${printable(path)}\n`);
    for (const note of notes) context.stdout.write(`note: ${printable(note)}\n`);
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

/** Options answer first, then a person where there is one. */
function interviewOf({ interactive }: CliContext, options: CommandOptions): Interview {
  const camel = (option: string) => option.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  return {
    given: (option) => text(options[camel(option)], option),
    ...(interactive && !options.json && { ask: askText }),
    acceptInitial: options.yes === true,
  };
}
