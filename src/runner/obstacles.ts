import { PipelineError } from '@golden-pipeline/shared/errors';
import type { OperationTraits } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { describeHold, unholdCommand } from '../ledger/holds.ts';
import { findLeftovers } from '../ledger/interrupted-runs.ts';
import { findActiveRun } from './active-run.ts';
import { findBlockingRun } from './find-blocking-run.ts';
import { findHolds } from './holds.ts';
import type { RunnerContext } from './ports.ts';
import { undoesFirst, unfinishedRun } from './recover-first.ts';

/** What would stop an operation now. */
export interface Obstacle {
  /** `hold`, `lock`, `run`, or the code of the error with which its plan is refused. */
  id: string;
  message: string;
  /** ISO time at which it ends by itself; null where nobody knows. */
  until: string | null;
  fix: string | null;
}

/** What stands between now and a run of an operation. */
export interface Outlook {
  obstacles: Obstacle[];
  /** The unfinished run that the operation would continue or undo before it begins; null when there is none. */
  first: string | null;
}

/**
 * What would stop an operation now: holds, the run that is active, a crashed run that must be dealt with first, and what its plan is
 * refused for. A fleet that a run is changing, or that one has left halfway, is not planned for: it will be another one. It only reads.
 * @param plan Makes the plan, to see whether that is refused.
 */
export async function findObstacles(
  context: RunnerContext,
  services: Services,
  operation: OperationTraits,
  plan: () => Promise<unknown>,
): Promise<Outlook> {
  const [holds, active] = await Promise.all([findHolds(services, operation), findActiveRun(context, services)]);
  const found: Obstacle[] = holds.map((hold) => ({
    id: 'hold',
    message: describeHold(hold),
    until: hold.until ?? null,
    fix: unholdCommand(hold),
  }));
  if (active) {
    const { command, by, since, run } = active;
    const message = `${by}'s "${command}"${run === null ? '' : ` (run ${run})`} has been active since ${since}`;
    const fix = `wait for it; or pipeline abort ${services.fleet.app}`;
    return { obstacles: [...found, { id: 'lock', message, until: null, fix }], first: null };
  }
  const { refuses, first } = await findUnfinished(context, services, operation);
  const refusal = refuses || first !== null ? [] : await refusalOf(plan);
  return { obstacles: [...found, ...(refuses ? [refuses] : []), ...refusal], first };
}

/** The run that is not finished: one that somebody must continue or undo first, or that the operation itself would. */
async function findUnfinished(
  context: RunnerContext,
  services: Services,
  operation: OperationTraits,
): Promise<{ refuses?: Obstacle; first: string | null }> {
  const { app } = services.fleet;
  const blocking = await findBlockingRun(context, services, { preview: true });
  const policy = blocking?.operation && operation.beforeStart?.(blocking.operation);
  if (blocking && (policy === 'refuse' || policy === 'undo')) {
    const { message, fix = null } = unfinishedRun(blocking.run, app);
    if (policy === 'undo') return { first: `${message}: a ${operation.name} continues or undoes it first` };
    return { refuses: { id: 'run', message, until: null, fix }, first: null };
  }
  const left = operation.changesVersion
    ? await findLeftovers(services, app, (name) => undoesFirst(context, operation, name))
    : undefined;
  if (!left) return { first: null };
  return {
    first: `run ${left.id} ("${left.command}" by ${left.by}) has left changes: a ${operation.name} undoes them first`,
  };
}

async function refusalOf(plan: () => Promise<unknown>): Promise<Obstacle[]> {
  try {
    await plan();
    return [];
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    const { code, message, fix = null } = error;
    return [{ id: code, message, until: null, fix }];
  }
}
