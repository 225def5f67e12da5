import type { Clock } from '@golden-pipeline/shared/clock';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import type { RunEvent } from '../../../src/engine/events.ts';
import { execute, type RunResult } from '../../../src/engine/execute.ts';
import type { JournalEntry } from '../../../src/engine/journal.ts';
import type { JournalStore } from '../../../src/engine/journal-writer.ts';
import { createPlan } from '../../../src/engine/plan.ts';
import type { Step } from '../../../src/engine/step.ts';

export interface Facts {
  found?: string;
}

/** A journal in memory that can be made to fail from a sequence number on. */
export class MemoryJournal implements JournalStore {
  failFrom = Number.POSITIVE_INFINITY;
  readonly entries: unknown[];

  constructor(entries: unknown[] = []) {
    this.entries = [...entries];
  }

  async appendJournal(_run: string, sequence: number, entry: unknown): Promise<void> {
    if (sequence >= this.failFrom) throw new Error('disk full');
    if (sequence !== this.entries.length + 1) throw new Error(`sequence ${sequence} after ${this.entries.length}`);
    this.entries.push(JSON.parse(JSON.stringify(entry)));
  }

  async journal(): Promise<unknown[]> {
    return [...this.entries];
  }
}

/** Everything a run needs, in memory. */
export function bench(
  options: { clock?: Clock; lost?: AbortSignal; sink?: (event: RunEvent) => void; entries?: unknown[] } = {},
) {
  const clock = options.clock ?? new ManualClock();
  const events: RunEvent[] = [];
  const store = new MemoryJournal(options.entries);
  const interrupt = new AbortController();
  const run = async (steps: Step<unknown, Facts>[]): Promise<RunResult<Facts>> => {
    const named = { operation: 'release', app: 'api', environment: 'local' };
    const plan = await createPlan<unknown, Facts>({ ...named, steps, initial: {}, services: {}, clock });
    return execute(plan, {
      services: {},
      clock,
      sink: options.sink ?? ((event) => void events.push(event)),
      journal: store,
      runId: '20260101T000000-ab12',
      signal: interrupt.signal,
      lost: options.lost,
      random: () => 0.5,
    });
  };
  return {
    run,
    store,
    events,
    interrupt,
    log: [] as string[],
    codes: () => events.map((event) => event.code),
    entries: () => store.entries as JournalEntry[],
  };
}

/** A step that makes one change, then does what `more` says; its undo is logged. */
export function changing(log: string[], id: string, more: Partial<Step<unknown, Facts>> = {}): Step<unknown, Facts> {
  return {
    id,
    title: `Step ${id}`,
    describe: () => [`change ${id}`],
    async run(context) {
      await context.change({ action: 'change', target: id }, async () => void log.push(`change ${id}`));
      await more.run?.(context);
    },
    undo: more.undo ?? (async () => void log.push(`undo ${id}`)),
    ...(more.skip ? { skip: more.skip } : {}),
  };
}
