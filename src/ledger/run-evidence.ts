import { isRunId } from '../engine/run-id.ts';
import { encode, readRecord } from './records.ts';
import type { Store } from './store.ts';

/** The end of a service's log on one instance, as it was when the fault was seen. */
export interface InstanceLog {
  id: string;
  /** What was wrong with it, or `healthy`. */
  state: string;
  /** ISO time of the reading. */
  at: string;
  /** File or journal on the instance; absent where nothing was read. */
  from?: string;
  /** Oldest first, without secrets. */
  lines: string[];
  /** Why there are no lines, or not all of them. */
  note?: string;
}

/** A request that was not answered as it should. */
export interface FailedProbe {
  path: string;
  /** ISO time. */
  at: string;
  /** Null without an answer. */
  status: number | null;
  /** The beginning of the answer; null without one. */
  body: string | null;
  fault: string;
  /** Which version answered, where that is known. */
  version: string | null;
}

/** What was collected at the first fault of a run, before anything was undone. */
export interface RunEvidence {
  step: string;
  /** ISO time. */
  at: string;
  instances: InstanceLog[];
  probes: FailedProbe[];
}

/** The evidence of runs: an object of its own for each, so that lists of runs stay small. */
export interface EvidenceStore {
  /** Replaces that of an earlier process of the run. */
  save(run: string, evidence: RunEvidence): Promise<void>;
  read(run: string): Promise<RunEvidence | undefined>;
}

/** Opens the evidence of runs in a ledger's store. */
export function createEvidenceStore(store: Store): EvidenceStore {
  return {
    async save(run, evidence) {
      await store.put(keyOf(run), encode(evidence), 'always');
    },
    async read(run) {
      return isRunId(run) ? (await readRecord<RunEvidence>(store, keyOf(run)))?.value : undefined;
    },
  };
}

function keyOf(run: string): string {
  if (!isRunId(run)) throw new Error(`not the id of a run: ${JSON.stringify(run)}`);
  return `evidence/${run}`;
}
