import { replay } from '../engine/journal.ts';
import type { JournaledChange } from '../engine/step.ts';
import { type ReleaseState, type Services, servedBefore } from '../fleet/services.ts';
import type { RunRecord } from '../ledger/types.ts';

/** What a release that is under way, or has just ended, has done to the traffic. */
export interface ReleaseUnderWay {
  /** The version that it brings, and the one that served before it, as far as it got to know them. */
  version?: string;
  previous?: string;
  /** Requests may have reached the version that it brings. */
  moved: boolean;
}

/** Reads a release's journal; undefined for a run of another operation. */
export async function readUnderWay(
  { ledger }: Pick<Services, 'ledger'>,
  { id, operation }: Pick<RunRecord, 'id' | 'operation'>,
): Promise<ReleaseUnderWay | undefined> {
  if (operation !== 'release') return undefined;
  const { run, state, changes } = replay(await ledger.journal(id));
  if (!run) return { moved: false };
  const facts = state as unknown as ReleaseState;
  const moved = [...changes.values()].some((change) => movesTraffic(change, facts));
  return { version: facts.version, previous: servedBefore(facts), moved };
}

/** Where both versions take part in one group, the bake host that returns to service is the first to serve the new one. */
function movesTraffic({ step, action, undoing, error }: JournaledChange, { strategy }: ReleaseState): boolean {
  if (undoing || error !== undefined) return false;
  if (action === 'start-refresh' || action === 'set-weights') return true;
  return (step === 'bake' || step === 'rejoin') && action === 'exit-standby' && strategy === 'rolling';
}
