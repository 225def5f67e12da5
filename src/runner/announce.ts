import { messageOf } from '@golden-pipeline/shared/errors';
import type { OperationTraits } from '../engine/operation.ts';
import type { RunRecord } from '../ledger/types.ts';
import { endFacts, type Facts, recordFor, startFacts } from '../notify/notifications.ts';
import type { RunnerContext, RunnerServices } from './ports.ts';

/** What is known of the end of a run beside its record. */
export interface Announcement {
  /** What the operation says of it. */
  summary?: Record<string, unknown>;
  /** The command that undoes it, when it is done. */
  undo?(): string | undefined;
  /** What it had left was undone, after its failure had been announced. */
  undone?: boolean;
}

/** Records what a run announces, and has it delivered. It never rejects: a run does not fail by its announcement. */
export interface Announcer {
  /** @param planned What is known of its versions before it begins. */
  start(run: RunRecord, planned: () => Partial<RunRecord>): Promise<void>;
  end(run: RunRecord, announcement?: Announcement): Promise<void>;
}

/**
 * Makes the announcer of a run of an operation.
 * @param rest The run is what remains, after a pause, of one that was announced as done: only its failure is news.
 */
export function createAnnouncer(
  context: Pick<RunnerContext, 'reporter' | 'deliverNotifications'>,
  { ledger, fleet: { app, notify } }: Pick<RunnerServices, 'ledger' | 'fleet'>,
  operation: Pick<OperationTraits, 'announces'> | undefined,
  rest = false,
): Announcer {
  const brings = operation?.announces;
  /** That it goes well, as it has begun, is not news. */
  const failuresOnly = rest || brings === 'restarted';
  const record = async (run: RunRecord, facts: () => Facts): Promise<void> => {
    try {
      const made = facts();
      const { occasion } = made;
      if (!notify || occasion === 'test') return;
      await recordFor(ledger.outbox, { app, notify }, run.id, { ...made, occasion });
    } catch (error) {
      context.reporter.report({ code: 'notification.not-recorded', run: run.id, reason: messageOf(error) });
    }
  };
  return {
    async start(run, planned) {
      if (brings === undefined || failuresOnly) return;
      await record(run, () => startFacts({ ...run, ...planned() }, brings));
      context.deliverNotifications?.();
    },
    async end(run, { summary, undo, undone } = {}) {
      const done = run.outcome === 'done';
      if (brings !== undefined && !(failuresOnly && done)) {
        const command = done ? undo?.() : undefined;
        const how = { brings, ...(command !== undefined && { undo: command }), ...(undone && { undone }) };
        await record(run, () => endFacts(run, how, summary));
      }
      context.deliverNotifications?.();
    },
  };
}
