import { PipelineError } from '@golden-pipeline/shared/errors';
import type { OperationTraits } from '../engine/operation.ts';
import { describeHold, type HoldRecord, unholdCommand } from '../ledger/holds.ts';
import type { RunnerContext, RunnerServices } from './ports.ts';

/** The holds that keep a run of the operation from beginning now. */
export async function findHolds(
  { ledger, fleet }: Pick<RunnerServices, 'ledger' | 'fleet'>,
  { stoppedByHolds }: Pick<OperationTraits, 'stoppedByHolds'>,
): Promise<HoldRecord[]> {
  return stoppedByHolds ? ledger.holds.inForce(fleet.app) : [];
}

/** Refuses a run that is on hold, unless it has the reason of an emergency. @throws as {@link checkHolds} */
export async function refuseHeld(
  services: Pick<RunnerServices, 'ledger' | 'fleet'>,
  operation: Pick<OperationTraits, 'name' | 'stoppedByHolds'>,
  emergency: string | undefined,
): Promise<HoldRecord[]> {
  const holds = await findHolds(services, operation);
  if (holds.length > 0 && emergency === undefined) throw holdActive(holds, operation.name);
  return holds;
}

/**
 * Refuses to begin a run that is on hold. With the reason of an emergency it is reported instead that the hold is passed.
 * @returns whether one was passed
 * @throws PipelineError `hold.active` (outcome `locked`) naming reason and end of the hold
 */
export async function checkHolds(
  { reporter }: Pick<RunnerContext, 'reporter'>,
  services: Pick<RunnerServices, 'ledger' | 'fleet'>,
  operation: Pick<OperationTraits, 'name' | 'stoppedByHolds'>,
  emergency: string | undefined,
): Promise<boolean> {
  const holds = await refuseHeld(services, operation, emergency);
  if (holds.length === 0 || emergency === undefined) return false;
  for (const hold of holds) reporter.report({ code: 'hold.passed', hold, emergency });
  return true;
}

function holdActive(holds: readonly HoldRecord[], operation: string): PipelineError {
  const wait = holds.every(({ until }) => until !== undefined) ? 'wait until then, or ' : '';
  return new PipelineError('hold.active', holds.map(describeHold).join('; '), {
    outcome: 'locked',
    fix: `${wait}end it: ${holds.map(unholdCommand).join(' and ')}; in an emergency: ${operation} with --emergency --reason "WHY". A rollback and abort are not stopped`,
  });
}
