import type { Operation } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { monthlyCost } from './cost.ts';
import { pinSteps } from './plan-pin.ts';
import { pruneSteps } from './plan-prune.ts';
import type { PinState } from './steps/pin.ts';
import type { PruneState } from './steps/prune.ts';

/** None of them touches what serves: a rollback, and every run that builds on the fleet, may undo what one has left. */
const ofImages = { preemptible: true, changesVersion: false, onInterrupted: 'undo' } as const;

export const pinOperation: Operation<Services, PinState> = {
  ...ofImages,
  name: 'pin',
  steps: () => pinSteps.pin,
  summary: ({ version, imageId, reason }) => ({ version, imageId, ...(reason !== undefined && { reason }) }),
  undoCommand: ({ version }, { fleet }) => `pipeline images ${fleet.app} unpin ${version}`,
};

export const unpinOperation: Operation<Services, PinState> = {
  ...ofImages,
  name: 'unpin',
  steps: () => pinSteps.unpin,
  summary: ({ version, imageId }) => ({ version, imageId }),
  undoCommand: ({ version }, { fleet }) => `pipeline images ${fleet.app} pin ${version}`,
};

export const pruneOperation: Operation<Services, PruneState> = {
  ...ofImages,
  name: 'prune',
  steps: () => pruneSteps,
  summary: ({ restored, retired, removed, swept, freedGb }, { fleet }) => ({
    ...{ restored, retired, deleted: removed, snapshots: swept, freedGb },
    monthlySaving: monthlyCost(freedGb, fleet.release.snapshotPrice),
  }),
  // What is deleted does not come back; what is only retired does.
  undoCommand({ retired, removed }, { fleet }) {
    const back = retired.find((version) => !removed.includes(version));
    return back && `pipeline images ${fleet.app} pin ${back}`;
  },
};
