import { PipelineError } from '@golden-pipeline/shared/errors';
import type { OperationTraits } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { describeHold, unholdCommand } from '../ledger/holds.ts';
import { findActiveRun } from './active-run.ts';
import { findBlockingRun } from './find-blocking-run.ts';
import { findHolds } from './holds.ts';
import type { RunnerContext } from './ports.ts';

/** What would stop an operation now. */
export interface Obstacle {
  /** `hold`, `lock`, `run`, or the code of the error with which its plan is refused. */
  id: string;
  message: string;
  /** ISO time at which it ends by itself; null where nobody knows. */
  until: string | null;
  fix: string | null;
}

/**
 * What would stop an operation now: holds, the run that is active, a crashed run that must be dealt with first, and what its plan is
 * refused for. A fleet on which another run is active is not planned for: what it finds is in motion. It only reads.
 * @param plan Makes the plan, to see whether that is refused.
 */
export async function findObstacles(
  context: RunnerContext,
  services: Services,
  operation: OperationTraits,
  plan: () => Promise<unknown>,
): Promise<Obstacle[]> {
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
    return [
      ...found,
      { id: 'lock', message, until: null, fix: `wait for it; or pipeline abort ${services.fleet.app}` },
    ];
  }
  const crashed = await findCrashed(context, services, operation);
  const refusal = await refusalOf(plan);
  return [...found, ...crashed, ...refusal];
}

/** A crashed run that somebody must continue or undo first. */
async function findCrashed(
  context: RunnerContext,
  services: Services,
  operation: OperationTraits,
): Promise<Obstacle[]> {
  const blocking = await findBlockingRun(context, services, { preview: true });
  if (!blocking?.operation || operation.beforeStart?.(blocking.operation) !== 'refuse') return [];
  const { id, command, by } = blocking.run;
  const { app } = services.fleet;
  const message = `run ${id} ("${command}" by ${by}) crashed before it finished`;
  return [{ id: 'run', message, until: null, fix: `to continue it: ${command}; to undo it: pipeline abort ${app}` }];
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
