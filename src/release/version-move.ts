import type { Replay } from '../engine/journal.ts';
import type { VersionMove } from '../engine/operation.ts';
import type { JournaledChange } from '../engine/step.ts';
import { servedBefore } from '../fleet/facts.ts';
import type { ReleaseState } from './state.ts';

/** What a release has done to the traffic, by its journal. */
export function versionMove({ run, state, changes }: Replay): VersionMove {
  if (!run) return { moved: false };
  const facts: Partial<ReleaseState> = state;
  const moved = [...changes.values()].some((change) => movesTraffic(change, facts));
  return { version: facts.version, previous: servedBefore(facts), moved };
}

/** Where both versions take part in one group, the baked instance that returns to service is the first to serve the new one. */
function movesTraffic({ step, action, undoing, error }: JournaledChange, { strategy }: Partial<ReleaseState>): boolean {
  if (undoing || error !== undefined) return false;
  if (action === 'start-refresh' || action === 'set-weights') return true;
  return (step === 'bake' || step === 'return-instance') && action === 'exit-standby' && strategy === 'rolling';
}
