import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Services } from '../fleet/services.ts';
import type { RunRecord } from '../ledger/types.ts';
import { decideRollback } from './decide.ts';
import { rollbackName } from './plan.ts';
import type { RollbackMethod } from './state.ts';

/** What `fast-rollback` without more words would do now. */
export interface RollbackOutlook {
  /** Null when it would refuse. */
  version: string | null;
  method: RollbackMethod | null;
  /** Why this method, or why none. */
  why: string;
  /** Seconds from the command to all traffic on the old version, the last time; null when there was none. */
  lastSeconds: number | null;
}

/** How many runs are looked through for the last rollback. */
const runsBack = 50;

/** Reads what a rollback would do; a refusal is an answer too. */
export async function readOutlook(services: Services): Promise<RollbackOutlook> {
  const { ledger, fleet } = services;
  const [decision, runs] = await Promise.all([
    decideRollback(services, { force: false }).catch((error: unknown) => {
      if (error instanceof PipelineError) return error;
      throw error;
    }),
    ledger.runs(fleet.app, runsBack),
  ]);
  const lastSeconds = lastRollback(runs);
  if (decision instanceof PipelineError) return { version: null, method: null, why: decision.message, lastSeconds };
  const { target, chosen, skipped } = decision;
  const why = [chosen.why, ...skipped.map((one) => `not to ${one}`)].join('; ');
  return { version: target.version, method: chosen.method, why, lastSeconds };
}

/** The steps after which traffic is on the old version. */
const moving = ['switch-traffic', 'switch-in-place', 'roll', 'confirm-serving'];

/** @param runs Newest first. */
export function lastRollback(runs: readonly RunRecord[]): number | null {
  for (const run of runs) {
    if (run.operation !== rollbackName || run.outcome !== 'done') continue;
    const moved = run.steps.findLastIndex((step) => moving.includes(step.id));
    if (moved >= 0) return run.steps.slice(0, moved + 1).reduce((sum, step) => sum + step.seconds, 0);
  }
  return null;
}
