import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Replay } from '../engine/journal.ts';
import { type Journal, openJournal } from '../engine/journal-writer.ts';
import type { Ledger, RunRecord } from '../ledger/types.ts';
import type { RunnerContext, RunnerServices } from './ports.ts';

/**
 * Opens the journal of a run that requires manual intervention or has crashed, to continue it, and its record, so that others find it once
 * more if this process crashes. To be called under the lock.
 * @param planned The journal as it was when that was planned.
 * @throws PipelineError `resume.changed` when another process has written it since
 */
export async function reopenRun(
  { clock, redact }: Pick<RunnerContext, 'clock' | 'redact'>,
  { ledger }: Pick<RunnerServices, 'ledger'>,
  run: RunRecord,
  planned: Replay,
): Promise<{ record: RunRecord; journal: Journal }> {
  const journal = await openJournal(ledger, run.id, clock, redact);
  if (journal.known.next !== planned.next) {
    throw new PipelineError('resume.changed', `run ${run.id} has been continued or undone by another process`, {
      outcome: 'locked',
      fix: `pipeline history ${run.app}`,
    });
  }
  // The hooks of its end may have added to it since that was planned.
  return { record: await reopen(ledger, (await ledger.run(run.id)) ?? run, journal), journal };
}

/** Opens what has ended, in the journal and in the record. @returns the record as it is then */
export async function reopen(ledger: Pick<Ledger, 'saveRun'>, run: RunRecord, journal: Journal): Promise<RunRecord> {
  if (journal.known.outcome === 'manual-intervention') await journal.write({ type: 'run.reopened' });
  if (run.outcome === undefined) return run;
  const record: RunRecord = { ...run };
  for (const fact of ['outcome', 'finishedAt', 'error', 'signal'] as const) delete record[fact];
  await ledger.saveRun(record);
  return record;
}
