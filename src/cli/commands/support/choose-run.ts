import { usageError } from '@golden-pipeline/shared/errors';
import { runSchema } from '../../../engine/schema.ts';
import type { CommandOptions } from '../../command.ts';
import type { CliContext } from '../../context.ts';
import { writeJson } from '../../views/json.ts';
import { oneLine, shortTime } from '../../views/text.ts';
import { type ProjectRun, unfinishedRuns } from './project-runs.ts';

/**
 * The run that `resume` or `abort` is about where none is named: the only one of the project that has not finished. It is reported which
 * one that is, or that there is none; then undefined is returned.
 * @throws usage error `run.which` with a command for each where there are several
 */
export async function chooseRun(
  context: CliContext,
  options: CommandOptions,
  command: 'resume' | 'abort',
): Promise<ProjectRun | undefined> {
  const all = await unfinishedRuns(context, options);
  const left = all.filter((one) => !one.active);
  // An active run cannot be resumed; one whose lock has not run out yet may only seem to be.
  const candidates = command === 'resume' && left.length > 0 ? left : all;
  const [only] = candidates;
  if (candidates.length > 1) {
    throw usageError(
      'run.which',
      `${candidates.length} runs have not finished`,
      'name one of them',
      candidates.map((one) => `pipeline ${command} ${one.run.id}   # ${describe(one)}`),
    );
  }
  if (only) context.stderr.write(`run ${only.run.id}: ${describe(only)}\n`);
  else if (options.json) writeJson(context.stdout, { schema: runSchema, outcome: `nothing-to-${command}` });
  else context.stdout.write(`nothing to ${command}: no run of this project is active or unfinished\n`);
  return only;
}

/** `api in production, "pipeline release api" by ann since 2026-05-04 12:03: its process has crashed` */
function describe({
  fleet: { app, environment },
  run: { command, by, startedAt, outcome },
  active,
}: ProjectRun): string {
  const what = outcome === undefined ? 'its process has crashed' : 'manual intervention is required';
  const state = active ? 'it is active' : what;
  return oneLine(`${app} in ${environment}, "${command}" by ${by} since ${shortTime(startedAt)}: ${state}`);
}
