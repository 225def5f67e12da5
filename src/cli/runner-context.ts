import { hostname } from 'node:os';
import { operations } from '../runner/operations.ts';
import type { RunnerContext, RunnerServices } from '../runner/ports.ts';
import { commandLine } from './command-line.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { redactionOf } from './secrets.ts';
import { hooksOf, tasksOf } from './tasks.ts';
import { terminalPrompter } from './terminal-prompter.ts';
import { terminalReporter } from './terminal-reporter.ts';

/** The runner's surroundings for one command: this process, its terminal, and the project's own code. */
export function runnerContext(
  context: CliContext,
  options: GlobalOptions,
  fleet: RunnerServices['fleet'],
): RunnerContext {
  return {
    clock: context.clock,
    signals: context.signals,
    reporter: terminalReporter(context, options),
    prompter: terminalPrompter(context, options),
    command: commandLine(context.argv),
    host: hostname(),
    redact: redactionOf(fleet, context.env),
    operations,
    project: {
      hooks: () => hooksOf(context, fleet, options),
      task: async (name) => (await tasksOf(context, fleet.app, options)).tasks[name],
    },
    exit: (code) => context.exit(code),
  };
}
