import { PipelineError } from '@golden-pipeline/shared/errors';
import type { OperationTraits } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { findUnfinishedRun } from '../ledger/interrupted-runs.ts';
import { type Continuation, continuationOf } from './continuation.ts';
import type { RunnerContext } from './ports.ts';

/** Options that change what is printed or asked, and nothing of what a command does. */
const idleOptions = / --(?:dry-run|json|yes|debug|no-color)\b/g;

/**
 * Finds the unfinished run that a command would only repeat: of the same operation, from the same command, and the command still means the
 * same. Undefined where there is none, where it can only be undone, and while another run is active.
 */
export async function findSameCommand(
  context: RunnerContext,
  services: Services,
  operation: OperationTraits,
): Promise<Continuation | undefined> {
  const { ledger, fleet } = services;
  const run = await findUnfinishedRun(services, fleet.app);
  const isSame = run?.operation === operation.name && plain(run.command) === plain(context.redact(context.command));
  if (!run || !isSame || (await ledger.findHolder(fleet.app))) return undefined;
  const known = context.operations.find((one) => one.name === operation.name);
  if (!known?.isSameRequest) return undefined;
  try {
    const found = await continuationOf(context, services, run);
    if (found.direction === 'backward') return undefined;
    return (await known.isSameRequest(found.journal.state, services)) ? found : undefined;
  } catch (error) {
    // It is undone instead, which needs less.
    if (error instanceof PipelineError && error.code.startsWith('resume.')) return undefined;
    throw error;
  }
}

const plain = (command: string): string => command.replace(idleOptions, '');
