import type { Clock } from '@golden-pipeline/shared/clock';
import { execute, type RunResult } from '../../src/engine/execute.ts';
import type { JournalEntry } from '../../src/engine/journal.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { Plan } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import type { RunRecord } from '../../src/ledger/types.ts';

/** The moment at which a process dies: with what its journal still got, or did not get any more. */
export interface Death {
  /** Action of a change, or id of a step. */
  at: string;
  /** `intended`: the change was written down, not made. `made`: it was made, its outcome not written. `finished`: the step is done. */
  how: 'intended' | 'made' | 'finished';
}

/** The run ended before it came to the moment. Its cause is how it ended: a result, or an error. */
export class NotReached extends Error {}

type Ended = Pick<RunResult<unknown>, 'outcome'>;

/**
 * Begins a run whose process dies at a moment: nothing of it is undone, and nothing more of it reaches its journal. Resolves with its
 * record as the ledger has it.
 * @throws NotReached when the run ended without coming there
 */
export async function die<S extends Services, State>(
  { services, clock }: { services: S; clock: Clock },
  plan: Plan<S, State>,
  {
    at,
    how,
  }: Omit<Death, 'at'> & {
    /** The same, or the number of a change, from 1. */
    at: string | number;
  },
  command = `pipeline ${plan.operation} api`,
): Promise<RunRecord> {
  const { ledger } = services;
  const dead = new AbortController();
  /** Actions of changes by their sequence in the journal; all but the one to die at are called as they are. */
  const actions = new Map<number, string | number>();
  const appendJournal = async (run: string, sequence: number, entry: unknown): Promise<void> => {
    dead.signal.throwIfAborted();
    const one = entry as JournalEntry;
    const gone = new Error('its process died');
    if (one.type === 'change.intent') {
      actions.set(one.sequence, typeof at === 'number' ? actions.size + 1 : one.action);
    }
    if (how === 'made' && one.type === 'change.outcome' && actions.get(one.intent) === at) {
      dead.abort(gone);
      throw gone;
    }
    await ledger.appendJournal(run, sequence, entry);
    const intended = how === 'intended' && one.type === 'change.intent' && actions.get(one.sequence) === at;
    const finished = how === 'finished' && one.type === 'step.finished' && one.step === at;
    if (intended || finished) dead.abort(gone);
    if (intended) throw gone;
  };
  const record: RunRecord = {
    id: createRunId(clock),
    operation: plan.operation,
    app: plan.app,
    environment: plan.environment,
    startedAt: new Date(clock.now()).toISOString(),
    by: 'ann',
    host: 'h',
    command,
    steps: [],
  };
  await ledger.saveRun(record);
  const ended = await execute(plan, {
    services,
    clock,
    sink: () => undefined,
    journal: { journal: ledger.journal, appendJournal },
    runId: record.id,
    signal: new AbortController().signal,
    lost: dead.signal,
  }).catch((error: unknown) => error);
  if (!dead.signal.aborted) {
    if (!(ended instanceof Error)) {
      await ledger.saveRun({
        ...record,
        outcome: (ended as Ended).outcome,
        finishedAt: new Date(clock.now()).toISOString(),
      });
    }
    throw new NotReached(`the run did not come to ${how} ${at}`, { cause: ended });
  }
  return record;
}
