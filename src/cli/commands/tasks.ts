import { listApps } from '../../config/load.ts';
import { environmentName } from '../../config/names.ts';
import { projectDir } from '../../config/project-dir.ts';
import { usageOf } from '../../tasks/read-inputs.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { tasksOf } from '../tasks.ts';
import { writeJson } from '../views/json.ts';
import { oneLine } from '../views/text.ts';

/** `pipeline tasks [app]`: what each is called with and does. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const apps = app === undefined ? await listApps(projectDir(context, options)) : [app];
  const found = await Promise.all(
    apps.map(async (name) => {
      const { tasks, pipeline } = await tasksOf(context, name, options);
      // Tasks are the same everywhere; an environment that does not exist is a mistake all the same.
      if (app !== undefined && options.env !== undefined) pipeline.fleet(environmentName(options.env));
      return Object.entries(tasks).map(([task, { summary }]) => ({
        app: name,
        task,
        summary,
        usage: usageOf(name, task, tasks[task] as (typeof tasks)[string]),
      }));
    }),
  );
  const all = found.flat();
  if (options.json) writeJson(context.stdout, all);
  else if (all.length === 0)
    context.stdout.write(
      `${app === undefined ? 'no app has' : `${app} has no`} tasks; golden-pipeline/docs/tasks.md shows how to write one\n`,
    );
  else {
    const width = Math.max(...all.map((one) => one.usage.length));
    for (const { usage, summary } of all)
      context.stdout.write(`${oneLine(usage.padEnd(width))}  ${oneLine(summary)}\n`);
  }
  return exitCodes.done;
};
