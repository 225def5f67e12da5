import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { commandWords } from '../../config/command-words.ts';
import { loadPipeline } from '../../config/load.ts';
import { appName, appPattern, nameRules, reservedName } from '../../config/names.ts';
import { projectDir } from '../../config/project-dir.ts';
import { suggestName } from '../../project/app-name.ts';
import {
  gatherPlace,
  gatherRest,
  gatherSource,
  gatherTechnology,
  gatherUser,
  type Interview,
} from '../../project/gather.ts';
import { fleetNotes, missingNotes } from '../../project/notes.ts';
import { readRunning } from '../../project/read-running.ts';
import { detectStack } from '../../project/stack/detect.ts';
import { extendProject, type ProjectFile, writeProject } from '../../project/write-project.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { flag, number, parseOptions, text } from '../options.ts';
import { askChoice, askText } from '../terminal-prompter.ts';
import { writeJson } from '../views/json.ts';
import { printable } from '../views/text.ts';

/** Roles that come with the pipeline: an app of that name would hide them. */
const reserved = ['release', 'node', 'python', 'ruby'];

/** What was done, for the result. */
interface Done {
  files: ProjectFile[];
  notes: string[];
  environment: string;
}

/** `pipeline init [app]`: the files of a new app, from a running fleet or from answers; or one more environment of an app. */
export const run: CommandModule['run'] = async (context, [given], options) => {
  const folder = projectFolder(context, options);
  const interview = interviewOf(context, options);
  const app = await nameOf(interview, given, folder);
  const { force, fromGroup } = parseOptions(options, { force: flag, fromGroup: text });
  const file = `pipelines/${app}.ts`;
  const exists = existsSync(join(folder, file)) && !force;
  if (exists && fromGroup !== undefined) {
    throw usageError('init.exists', `${file} is there already`, 'to overwrite it: --force');
  }
  const { files, notes, environment } = await (exists ? extend : create)(context, options, { app, folder, interview });
  if (options.json) writeJson(context.stdout, { app, environment, files, notes });
  else {
    for (const { path, written } of files)
      context.stdout.write(`${written ? 'written' : 'kept   '}  ${printable(path)}\n`);
    for (const note of notes) context.stdout.write(`note: ${printable(note)}\n`);
    context.stdout.write(nextSteps(context, app, environment));
  }
  return exitCodes.done;
};

interface Project {
  app: string;
  folder: string;
  interview: Interview;
}

async function create(context: CliContext, options: CommandOptions, project: Project): Promise<Done> {
  const { app, folder, interview } = project;
  const own = parseOptions(options, { fromGroup: text, targetGroup: text, listenerPort: number });
  const source = await gatherSource(interview);
  const seen = await detectStack(join(folder, source));
  if (seen && !options.json) context.stderr.write(`found: ${printable(seen.seen)}\n`);
  const place = await gatherPlace(interview, {
    usualRegion: usualRegion(context),
    portKnown: seen !== undefined || own.fromGroup !== undefined,
  });
  const running = await readRunning(context, own, { ...place, app, projectDir: folder });
  const technology = await gatherTechnology(interview, seen?.technology);
  const stack = seen?.technology === technology ? seen : await detectStack(join(folder, source), technology);
  const answers = await gatherRest(interview, { app, ...place, source, technology }, { running, stack });
  const files = await writeProject(folder, answers);
  const notes = [...fleetNotes(answers), ...(await missingNotes(context, folder, app)), ...(stack?.notes ?? [])];
  return { files, notes, environment: place.environment };
}

/** One more environment in the file of an app. */
async function extend(
  context: CliContext,
  options: CommandOptions,
  { app, folder, interview }: Project,
): Promise<Done> {
  const { environments } = await loadPipeline({ projectDir: folder, app });
  const named = text(options.env, 'env');
  const place = await gatherPlace(interview, {
    usualRegion: usualRegion(context),
    taken: environments,
    portKnown: true,
  });
  if (environments.includes(place.environment)) {
    throw usageError(
      'init.exists',
      `pipelines/${app}.ts is there already, with the environment ${place.environment}`,
      `${named === undefined ? 'to add another environment: --env NAME' : 'to add another environment, name it with --env'}; to overwrite the file: --force`,
    );
  }
  const answers = { ...place, sshUser: await gatherUser(interview, place) };
  const files = await extendProject(folder, app, answers);
  return { files, notes: await missingNotes(context, folder, app), environment: place.environment };
}

const usualRegion = ({ env: { AWS_REGION, AWS_DEFAULT_REGION } }: CliContext) => AWS_REGION ?? AWS_DEFAULT_REGION;

/** The app's name: as given, or from a person, who gets a proposal. */
async function nameOf(interview: Interview, given: string | undefined, folder: string): Promise<string> {
  const wrong = (value: string) => {
    const why = reservedName(value);
    if (why !== undefined) return `another name, as ${why}`;
    return appPattern.test(value) ? undefined : nameRules.app;
  };
  if (given === undefined && !interview.ask) {
    const fix = `name it: pipeline init ${(await suggestName(folder)) ?? 'APP'}`;
    throw usageError('init.no-name', 'the app has no name', fix);
  }
  const initial = given === undefined ? await suggestName(folder) : undefined;
  const app = appName(given ?? (await interview.ask?.('What is the app called?', { initial, wrong })) ?? '');
  if (reserved.includes(app)) {
    throw usageError('init.reserved', `${show(app)} is a role of the pipeline itself`, 'call the app something else');
  }
  if (commandWords.includes(app)) {
    throw usageError('init.reserved', `pipeline ${app} is a command`, 'call the app something else');
  }
  return app;
}

/** As it was called: without a global installation, npx finds the program. */
const programOf = ({ env }: CliContext) => (env.npm_command === 'exec' ? 'npx pipeline' : 'pipeline');

function nextSteps(context: CliContext, app: string, environment: string): string {
  const program = programOf(context);
  const role = `ansible/roles/${app}/defaults/main.yml`;
  const steps = [
    `${program} config check ${app}`,
    `git add --all && git commit -m "Add the release pipeline"`,
    ...(environment === 'local' ? [`${program} local up`] : [`${program} doctor ${app} --env ${environment}`]),
    `${program} release ${app} --env ${environment}`,
  ];
  return `next: check the commands in ${role}, then\n${steps.map((step) => `  ${step}\n`).join('')}`;
}

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
    ...(interactive && !options.json && { ask: askText, choose: askChoice }),
    acceptInitial: options.yes === true,
  };
}
