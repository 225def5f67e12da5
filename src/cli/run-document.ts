import type { Outcome } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';
import { exitCodeOf, stopSignals } from '../engine/interrupt.ts';
import { readCommitUrl } from '../hosts/git/remote.ts';
import type { RunDetails } from '../status/run-details.ts';
import { exitCodes } from './exit-codes.ts';

/** What `history <app> <run>` shows, as a table and as a document. */
export type RunDocument = RunDetails & { exitCode: number | null; url: string | null };

/** Adds what the ledger does not have: the web page of the commit, and the exit code of the outcome. */
export async function runDetailsDocument({ source }: Fleet, run: RunDetails): Promise<RunDocument> {
  const url = (run.commit !== null && (await readCommitUrl(source.repository, run.commit))) || null;
  return { ...run, url, exitCode: exitCodeOfRun(run) };
}

/** The exit code that the outcome of a run stands for; null for a run without an end. */
function exitCodeOfRun({ outcome, signal }: Pick<RunDetails, 'outcome' | 'signal'>): number | null {
  if (outcome === null || !Object.hasOwn(exitCodes, outcome)) return null;
  const received = stopSignals.find((one) => one === signal);
  return outcome === 'interrupted' && received ? exitCodeOf[received] : exitCodes[outcome as Outcome];
}
