import { usageError } from '@golden-pipeline/shared/errors';
import type { Services } from '../fleet/services.ts';
import { findLeftovers } from '../ledger/interrupted-runs.ts';
import { findBlockingRun } from './find-blocking-run.ts';
import type { RunnerContext } from './ports.ts';
import { type EndedRun, preempt } from './preempt.ts';

/**
 * Ends the active run of an app, or undoes a crashed one; without either, what the last run has left that requires manual intervention.
 * @param reason What it is for, as the other run will report it.
 * @param wanted Id of the only run that may be ended.
 * @returns undefined when there was none
 * @throws PipelineError `lock.held` when the lock was taken by hand; usage error `abort.other` where another run than the wanted one would be
 * ended
 */
export async function abort(
  context: RunnerContext,
  services: Services,
  reason: string,
  wanted?: string,
): Promise<EndedRun | undefined> {
  const found = await findBlockingRun(context, services);
  assertWanted(found?.run.id, wanted, services);
  if (found) return preempt(context, services, found.lock ? { lock: found.lock } : { run: found.run }, reason);
  // Taken by hand, or by a run that has not written its record yet.
  const lock = await services.ledger.findHolder(services.fleet.app);
  if (lock) {
    assertWanted(lock.run ?? 'without an id', wanted, services);
    return preempt(context, services, { lock }, reason);
  }
  const isUndone = (name: string) =>
    context.operations.some((one) => one.name === name && one.onInterrupted !== 'ignore');
  const run = await findLeftovers(services, services.fleet.app, isUndone);
  if (!run) return undefined;
  assertWanted(run.id, wanted, services);
  if (services.fleet.cloud === 'aws') {
    const { id, command, by, startedAt } = run;
    await context.prompter.confirm(`undo what run ${id} ("${command}" by ${by}, ${startedAt}) has left?`);
  }
  const ended = await preempt(context, services, { run }, reason);
  // There was nothing of it to undo.
  return ended?.run.finishedAt === run.finishedAt ? undefined : ended;
}

/** What was named must not end what others have begun since. */
function assertWanted(id: string | undefined, wanted: string | undefined, { fleet: { app } }: Services): void {
  if (id === undefined || wanted === undefined || id === wanted) return;
  throw usageError(
    'abort.other',
    `run ${wanted} is not what can be aborted: run ${id} of ${app} is`,
    `pipeline history ${app} ${wanted} shows how it ended; pipeline abort ${id} aborts the other one`,
  );
}
