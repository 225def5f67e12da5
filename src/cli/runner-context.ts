import { hostname } from 'node:os';
import { redactionOf } from '../config/redaction.ts';
import type { Fleet } from '../config/settings.ts';
import { operations } from '../runner/operations.ts';
import type { RunnerContext } from '../runner/ports.ts';
import { readHooks } from '../runner/project-tasks.ts';
import { commandLine } from './command-line.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { beginDelivery } from './notifications.ts';
import { tasksOf } from './tasks.ts';
import { terminalPrompter } from './terminal-prompter.ts';
import { terminalReporter } from './terminal-reporter.ts';

/** The runner's surroundings for one command: this process, its terminal, and the project's own code. */
export function runnerContext(context: CliContext, options: GlobalOptions, fleet: Fleet): RunnerContext {
  const tasks = () => tasksOf(context, fleet.app, options);
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
      hooks: async () => (fleet.release ? readHooks(fleet.release, tasks) : []),
      task: async (name) => (await tasks()).tasks[name],
    },
    deliverNotifications: () => beginDelivery(context, fleet),
    exit: (code) => context.exit(code),
  };
}
