import type { OperationTraits } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { findUnfinishedRun } from '../ledger/interrupted-runs.ts';
import { type Continuation, continuationOf } from './continuation.ts';
import { reportWatch } from './hold-lock.ts';
import type { RunnerContext } from './ports.ts';

/** Options that change what is printed or asked, and nothing of what a command does; words with spaces are quoted. */
const idleOptions =
  / --(?:(?:dry-run|json|yes|debug|no-color|github-summary)(?= |$)|(?:events|wait-for-lock)[= ](?:"(?:[^"\\]|\\.)*"|\S+))/g;

/**
 * Finds the unfinished run that a command would only repeat: of the same operation, from the same command, and the command still means the
 * same. With `preview` a lock is not waited for. Undefined where there is none, where it can only be undone, and while another run is active.
 */
export async function findSameCommand(
  context: RunnerContext,
  services: Services,
  operation: OperationTraits,
  { preview = false }: { preview?: boolean } = {},
): Promise<Continuation | undefined> {
  const { ledger, fleet } = services;
  const known = context.operations.find((one) => one.name === operation.name);
  if (!known?.isSameRequest) return undefined;
  const run = await findUnfinishedRun(services, fleet.app, (name) => name === operation.name);
  // Both texts are without secrets: commands that differ in one only count as the same, which is meant. No option of the operations that come
  // here has a secret, their facts are compared below, and a task, whose inputs may be secrets, is never continued by its command.
  const isSame = run?.operation === operation.name && plain(run.command) === plain(context.redact(context.command));
  if (!run || !isSame) return undefined;
  const lock = preview ? ledger.lockOf(fleet.app) : ledger.findHolder(fleet.app, reportWatch(context.reporter));
  if (await lock) return undefined;
  try {
    const found = await continuationOf(context, services, run);
    if (found.direction === 'backward') return undefined;
    return (await known.isSameRequest(found.journal, services, context.clock.now())) ? found : undefined;
  } catch {
    // A journal that cannot be read, a fleet that has changed: the command does what it does without that run, which needs less.
    return undefined;
  }
}

const plain = (command: string): string => command.replace(idleOptions, '');
