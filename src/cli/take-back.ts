import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Services } from '../fleet/services.ts';
import { confirm } from './ask.ts';
import { clearTheWay, findInTheWay } from './clear-the-way.ts';
import type { CommandOptions } from './command.ts';
import type { CliContext } from './context.ts';

/** What a run that builds on the fleet does with a dead one, by the dead one's operation; a task is left to who has begun it. */
export interface Dealing {
  /** What it is for: `release`, `scale`. */
  goal: string;
  /** These are taken back first: their undo leads to what the run starts from. */
  takesBack: readonly string[];
  /** These are for a person to decide on. */
  refuses: readonly string[];
}

/**
 * Sees to it that a run does not build on what a dead one has left halfway: a host in Standby, a proof machine, a refresh. It asks where
 * an AWS account would be changed; with `--dry-run` it only says what would be done. A living run is left alone: the lock tells of it.
 * @throws PipelineError `run.unfinished` naming the ways on, `run.left` when not all could be taken back; as {@link confirm} does
 */
export async function takeBackDead(
  context: CliContext,
  services: Services,
  options: CommandOptions,
  { goal, takesBack, refuses }: Dealing,
): Promise<void> {
  const found = await findInTheWay(services);
  if (!found || found.lock) return;
  const { id, operation, command, by } = found.run;
  const { app } = services.fleet;
  if (refuses.includes(operation)) {
    throw new PipelineError('run.unfinished', `run ${id} ("${command}" of ${by}) has died, and its work is half done`, {
      hint: `go on with it: ${command}; or take it back: pipeline abort ${app}`,
    });
  }
  if (!takesBack.includes(operation)) return;
  const left = `what "${command}" of ${by} has left`;
  if (options.dryRun) {
    context.stderr.write(`run ${id} has died: ${left} would be taken back first, and this plan is made anew then\n`);
    return;
  }
  if (services.fleet.cloud === 'aws') await confirm(context, options, `take back ${left}, and then ${goal}?`);
  const cleared = await clearTheWay(context, services, options, { reason: goal, only: takesBack });
  if (cleared?.run.outcome !== 'needs-person') return;
  throw new PipelineError('run.left', `not all that run ${id} has left could be taken back: see above`, {
    hint: `put that right, then ${goal} again; pipeline status ${app} shows the fleet`,
    outcome: 'needs-person',
  });
}
