import { usageError } from '@golden-pipeline/shared/errors';
import { Command, CommanderError } from 'commander';
import { projectDir } from '../config/project-dir.ts';
import { type AppTasks, loadTasks } from '../runner/project-tasks.ts';
import { readInputs, usageOf } from '../tasks/read-inputs.ts';
import type { Task } from '../tasks/types.ts';
import type { CliContext, GlobalOptions } from './context.ts';

/** The tasks of an app of the project. @throws usage errors as {@link loadTasks} does */
export function tasksOf(context: CliContext, app: string, options: GlobalOptions): Promise<AppTasks> {
  return loadTasks({ projectDir: projectDir(context, options), app });
}

/**
 * Reads what stands behind `pipeline <app> <task>`; undefined when help was requested and has been printed.
 * @throws usage errors that name the wrong value and show how the task is called
 */
export function readTaskLine(
  context: CliContext,
  { app, name, task, words }: { app: string; name: string; task: Task; words: readonly string[] },
): Record<string, unknown> | undefined {
  const usage = usageOf(app, name, task);
  let complaint = '';
  const command = new Command(`pipeline ${app} ${name}`)
    .description(task.summary)
    .exitOverride()
    .allowExcessArguments()
    .configureHelp({ helpWidth: context.stdout.columns ?? 100 })
    .configureOutput({
      writeOut: (line) => void context.stdout.write(line),
      writeErr: () => undefined,
      outputError: (line) => {
        complaint = line;
      },
    });
  for (const [key, input] of Object.entries(task.arguments)) {
    command.argument(`[${key}]`, withChoices(input.description, input.choices));
  }
  for (const [key, input] of Object.entries(task.options)) {
    command.option(
      input.flag ? `--${key}` : `--${key} <${input.placeholder}>`,
      withChoices(input.description, input.choices),
    );
  }
  command.addHelpText('after', '\nIt also takes --env, --dry-run, --json, --events, --yes as every command does.');
  try {
    command.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return undefined;
    const message =
      (complaint || error.message)
        .trim()
        .replace(/^error: /, '')
        .split('\n')[0] ?? '';
    throw usageError('task.usage', message, usage);
  }
  return readInputs(task, { positional: command.args, options: optionsByName(command, task) }, usage);
}

/** Commander calls `--dead-line` deadLine; tasks know their inputs by the name that was given. */
function optionsByName(command: Command, task: Task): Record<string, unknown> {
  const values = command.opts<Record<string, unknown>>();
  const camel = (key: string) => key.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.keys(task.options).map((key) => [key, values[camel(key)]]));
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  return choices ? `${description} (${choices.join(', ')})` : description;
}
