import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { Interrupted } from '../engine/interrupt.ts';
import type { OperationTraits } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { findLeftovers } from '../ledger/interrupted-runs.ts';
import type { RunRecord } from '../ledger/types.ts';
import { runDueHooks } from './due-hooks.ts';
import { type BlockingRun, findBlockingRun } from './find-blocking-run.ts';
import type { RunnerContext } from './ports.ts';
import { recoverRun } from './recover.ts';

/**
 * Sees to it that a run does not build on what an interrupted one has left: an instance in Standby, a validation instance, a refresh. It
 * asks where an AWS account would be changed; with `dryRun` it only reports what would be done. An active run is left alone: the lock
 * keeps this one from starting.
 * @returns the active run
 * @throws PipelineError `run.unfinished` naming how to go on, `run.leftovers` when not everything could be undone
 */
export async function recoverFirst(
  context: RunnerContext,
  services: Services,
  operation: OperationTraits,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<BlockingRun | undefined> {
  if (!operation.beforeStart) return undefined;
  const found = await findBlockingRun(context, services, { preview: dryRun });
  if (found?.lock) return found;
  if (!dryRun) await runDueHooks(context, services);
  if (!found) return recoverLeftovers(context, services, operation, dryRun);
  const { run } = found;
  const { app, cloud } = services.fleet;
  const policy = found.operation ? operation.beforeStart(found.operation) : 'ignore';
  if (policy === 'ignore') return recoverLeftovers(context, services, operation, dryRun);
  if (policy === 'refuse') {
    throw unfinishedRun(run, app);
  }
  if (dryRun) {
    context.reporter.report({ code: 'run.recovery-planned', run });
    return undefined;
  }
  if (cloud === 'aws') {
    const changes = `the changes of the crashed "${run.command}" by ${run.by}`;
    await context.prompter.confirm(`undo ${changes}, and then ${operation.name}?`);
  }
  const recovered = await recoverRun(context, services, run);
  if (recovered.run.outcome !== 'manual-intervention') return undefined;
  throw new PipelineError('run.leftovers', `not all changes of run ${run.id} could be undone: see above`, {
    fix: `correct that, then ${operation.name} again; pipeline status ${app} shows the fleet`,
    outcome: 'manual-intervention',
  });
}

/** The error for a crashed run that a person must continue or undo first. */
export function unfinishedRun({ id, command, by }: RunRecord, app: string): PipelineError {
  return new PipelineError('run.unfinished', `run ${id} ("${command}" by ${by}) crashed before it finished`, {
    fix: `to continue it: ${command}; to undo it: pipeline abort ${app}`,
  });
}

/** Whether an operation undoes what a run of another one has left before it begins. @param other Its name. */
export function undoesFirst(
  { operations }: Pick<RunnerContext, 'operations'>,
  operation: OperationTraits,
  other: string,
): boolean {
  const left = operations.find((one) => one.name === other);
  return left !== undefined && operation.beforeStart?.(left) === 'undo';
}

/**
 * Undoes once more what the last run could not undo, by then. It is reported where that fails again, and keeps nobody from a release:
 * whether the fleet bears one is for its own checks to say.
 */
async function recoverLeftovers(
  context: RunnerContext,
  services: Services,
  operation: OperationTraits,
  dryRun: boolean,
): Promise<undefined> {
  // What repairs a fleet must not first do what could not be done on it.
  if (!operation.changesVersion) return;
  const run = await findLeftovers(services, services.fleet.app, (name) => undoesFirst(context, operation, name));
  if (!run) return;
  if (dryRun) {
    context.reporter.report({ code: 'run.recovery-planned', run });
    return;
  }
  if (services.fleet.cloud === 'aws') {
    const changes = `what "${run.command}" by ${run.by} has left`;
    await context.prompter.confirm(`undo ${changes}, and then ${operation.name}?`);
  }
  try {
    await recoverRun(context, services, run);
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (error instanceof Interrupted || /^(lock|connection)\./.test(code)) throw error;
    // A hook that has another name by now, a journal of another version: nobody can undo that from here.
    context.reporter.report({ code: 'undo.leftover', leftover: messageOf(error) });
  }
}
