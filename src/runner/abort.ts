import type { Services } from '../fleet/services.ts';
import { findLeftovers } from '../ledger/interrupted-runs.ts';
import { findBlockingRun } from './find-blocking-run.ts';
import type { RunnerContext } from './ports.ts';
import { type EndedRun, preempt } from './preempt.ts';

/**
 * Ends the active run of an app, or undoes a crashed one; without either, what the last run has left that requires manual intervention.
 * @param reason What it is for, as the other run will report it.
 * @returns undefined when there was none
 * @throws PipelineError `lock.held` when the lock was taken by hand
 */
export async function abort(context: RunnerContext, services: Services, reason: string): Promise<EndedRun | undefined> {
  const found = await findBlockingRun(context, services);
  if (found) return preempt(context, services, found.lock ? { lock: found.lock } : { run: found.run }, reason);
  // Taken by hand, or by a run that has not written its record yet.
  const lock = await services.ledger.findHolder(services.fleet.app);
  if (lock) return preempt(context, services, { lock }, reason);
  const isUndone = (name: string) =>
    context.operations.some((one) => one.name === name && one.onInterrupted !== 'ignore');
  const run = await findLeftovers(services, services.fleet.app, isUndone);
  if (!run) return undefined;
  if (services.fleet.cloud === 'aws') {
    const { id, command, by, startedAt } = run;
    await context.prompter.confirm(`undo what run ${id} ("${command}" by ${by}, ${startedAt}) has left?`);
  }
  const ended = await preempt(context, services, { run }, reason);
  // There was nothing of it to undo.
  return ended?.run.finishedAt === run.finishedAt ? undefined : ended;
}
