import { hostname } from 'node:os';
import { redactionOf } from '../config/redaction.ts';
import type { Fleet } from '../config/settings.ts';
import { operations } from '../runner/operations.ts';
import type { RunnerContext } from '../runner/ports.ts';
import { readHooks } from '../runner/project-tasks.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { beginDelivery } from './notifications.ts';
import { safeCommandLine } from './redact-words.ts';
import { tasksOf } from './tasks.ts';
import { terminalPrompter } from './terminal-prompter.ts';
import { terminalReporter } from './terminal-reporter.ts';

/** The runner's surroundings for one command: this process, its terminal, and the project's own code. */
export function runnerContext(context: CliContext, options: GlobalOptions, fleet: Fleet): RunnerContext {
  const redact = redactionOf(fleet, context.env);
  const tasks = () => tasksOf(context, fleet.app, options);
  return {
    clock: context.clock,
    signals: context.signals,
    reporter: terminalReporter(context, options),
    prompter: terminalPrompter(context, options),
    command: safeCommandLine(context.argv, redact),
    host: hostname(),
    redact,
    operations,
    project: {
      hooks: async () => (fleet.release ? readHooks(fleet.release, tasks) : []),
      task: async (name) => (await tasks()).tasks[name],
    },
    deliverNotifications: () => beginDelivery(context, fleet),
    exit: (code) => context.exit(code),
  };
}
