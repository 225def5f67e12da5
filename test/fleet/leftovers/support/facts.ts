import type { GroupFacts, LeftoverFacts } from '../../../../src/fleet/leftovers/leftover.ts';
import type { PriorState } from '../../../../src/fleet/prior-state.ts';

/** What a group of three was before a release. */
export const before: PriorState = {
  run: '20260101T000000-ab12',
  operation: 'release',
  size: { min: 3, max: 6, desired: 3 },
  suspended: [],
  standby: [],
  weight: 100,
};

/** A group of three on v1 that nothing is wrong with. */
export const groupFacts = (changes: Partial<GroupFacts> = {}): GroupFacts => ({
  group: 'api',
  tagged: changes.before !== undefined,
  ...(changes.before && { run: { id: changes.before.run, standing: 'unfinished' } }),
  size: { min: 3, max: 6, desired: 3 },
  suspended: [],
  instances: ['i-1', 'i-2', 'i-3'].map((id) => ({ id, lifecycle: 'InService', version: 'v1' })),
  launches: { version: 'v1', template: 'lt-1', templateVersion: '4', floating: false, available: true },
  shares: [1],
  ends: false,
  scaling: { actions: [], policies: [] },
  held: false,
  ...changes,
});

/** A fleet of these groups. */
export const leftoverFacts = (groups: GroupFacts[], changes: Partial<LeftoverFacts> = {}): LeftoverFacts => ({
  app: 'api',
  aws: 'aws',
  listenerArn: 'arn:listener',
  groups,
  defaultVersion: '4',
  helpers: [],
  validation: { targetGroupArn: 'arn:validation', targets: [], elsewhere: false },
  ...changes,
});
