import { PipelineError } from '@golden-pipeline/shared/errors';
import { createOutbox } from '../../../src/ledger/outbox.ts';
import type { HeldLock, Ledger, LockRecord, RunRecord } from '../../../src/ledger/types.ts';
import { instantClock } from '../../support/instant-clock.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

/** A ledger in memory with what the runner of operations uses; `log` tells the order of calls. */
export function fakeLedger(changes: Partial<Ledger> = {}) {
  const log: string[] = [];
  const runs: RunRecord[] = [];
  const journal = new Map<string, unknown[]>();
  let held: LockRecord | undefined;
  const lost = new AbortController();
  const abort = new AbortController();
  const unused = () => {
    throw new Error('not used by the runner');
  };
  const ledger: Ledger = {
    reserveRelease: unused,
    addRelease: unused,
    updateRelease: unused,
    release: unused,
    releases: unused,
    run: unused,
    runs: async () => runs,
    updateRun: unused,
    runIds: unused,
    async saveRun(run) {
      log.push(`run ${run.outcome ?? 'begins'}`);
      runs.push(structuredClone(run));
    },
    async appendJournal(run, _sequence, entry) {
      journal.set(run, [...(journal.get(run) ?? []), entry]);
    },
    journal: async (run) => journal.get(run) ?? [],
    journalFrom: async (run, sequence) => (journal.get(run) ?? []).slice(sequence - 1),
    async lock(app, { command, run }): Promise<HeldLock> {
      if (held) {
        throw new PipelineError('lock.held', `${app} is locked by ${held.owner}`, { outcome: 'locked' });
      }
      log.push('lock');
      const time = '2026-01-01T00:00:00.000Z';
      held = {
        app,
        environment: 'local',
        owner: 'ann',
        host: 'h',
        command,
        run,
        since: time,
        heartbeat: time,
        expires: time,
        fence: 1,
      };
      return {
        record: held,
        lost: lost.signal,
        confirm: async () => lost.signal.throwIfAborted(),
        abortRequested: abort.signal,
        async release() {
          log.push('unlock');
          held = undefined;
        },
      };
    },
    lockOf: async () => held,
    findHolder: async () => held,
    evidence: { save: unused, read: async () => undefined },
    access: { save: unused, list: async () => [], ids: async () => [], read: unused },
    outbox: createOutbox(createMemoryStore(), instantClock()),
    holds: { inForce: async () => [], place: unused, end: unused },
    requestAbort: async (_lock, { by, reason }) => abort.abort(new Error(`${by} ${reason}`)),
    ...changes,
  };
  return { ledger, log, runs, lost };
}
