import { withServices } from '../../composition/with-services.ts';
import { taskNamed } from '../../runner/project-tasks.ts';
import { taskOperation } from '../../tasks/operation.ts';
import { asOwnError } from '../../tasks/own-error.ts';
import { planTask } from '../../tasks/plan.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { runCommand } from '../run-command.ts';
import { readTaskLine, tasksOf } from '../tasks.ts';
import { run as list } from './tasks.ts';

/** `pipeline run <app> <task> [inputs]`, and `pipeline <app> <task> [inputs]`. */
export const run: CommandModule['run'] = async (context, [app = '', name, ...words], options) => {
  if (name === undefined || name.startsWith('-')) return list(context, [app], options);
  try {
    const found = await tasksOf(context, app, options);
    const task = taskNamed(found, name);
    const inputs = readTaskLine(context, { app, name, task, words: words.filter((word) => word !== undefined) });
    if (!inputs) return exitCodes.done;
    const fleet = found.pipeline.fleet(options.env);
    // Inputs that do not go together are refused before anything is read of the cloud.
    const steps = await task.steps(inputs, fleet);
    return await withServices(context, fleet, (services) =>
      runCommand(context, options, {
        operation: taskOperation(name, task),
        services,
        plan: () => planTask(services, context.clock, { name, steps, inputs }),
        question: () => `${name} of ${fleet.app} in ${fleet.environment}`,
      }),
    );
  } catch (error) {
    throw asOwnError(error);
  }
};
