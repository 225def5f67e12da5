import type { Operation } from '../engine/operation.ts';
import { servedBefore } from '../fleet/facts.ts';
import type { Services } from '../fleet/services.ts';
import { cannotContinue, isSameRequest } from './continue.ts';
import { endHooks } from './hooks/end-hooks.ts';
import { type Hook, withHooks } from './hooks.ts';
import { migrationSummary } from './migration/facts.ts';
import { releaseSteps } from './procedure.ts';
import type { ReleaseState } from './state.ts';
import { servingHeadline, servingSummary } from './summary.ts';
import { versionMove } from './version-move.ts';

/** What a release needs of the project: the tasks that run during it, as configured. */
export interface ReleaseProject {
  hooks(): Promise<readonly Hook[]>;
}

export const releaseOperation: Operation<Services, ReleaseState, ReleaseProject> = {
  name: 'release',
  preemptible: true,
  changesVersion: true,
  announces: 'released',
  onInterrupted: 'undo',
  stoppedByHolds: true,
  // A release starts from a whole fleet: whatever an interrupted run has left is undone, or a person decides.
  beforeStart: ({ onInterrupted }) => onInterrupted,
  steps: async (state, { services, project }) => withHooks(releaseSteps(state), await project.hooks(), services),
  summary: (state) => ({
    ...servingSummary(state),
    ...(state.since && { since: state.since }),
    ...(state.warnings && { warnings: state.warnings }),
    ...(state.migration && { migration: migrationSummary(state.migration) }),
  }),
  headline: servingHeadline,
  undoCommand(state, { fleet }) {
    const before = servedBefore(state);
    // What served before may be an image that cannot be launched.
    return before && !state.unlaunchable ? `pipeline fast-rollback ${fleet.app} ${before}` : undefined;
  },
  afterEnd({ outcome, committed }, state, services) {
    // A release that was verified stands, also where something after that failed: what hooks would revert is in use.
    if (outcome === 'done' || committed) return undefined;
    const { version, commit } = state;
    return endHooks('on-failure', services, { outcome, version, commit, previous: servedBefore(state) });
  },
  cannotContinue,
  isSameRequest,
  versionMove,
};
