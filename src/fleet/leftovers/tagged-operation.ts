import type { PriorState } from '../prior-state.ts';

/**
 * What the name of an operation in a tag tells of how its runs change a fleet. It was written by whatever version of this program made the
 * tag, so the registry of operations, which describes this version, is not asked.
 */
const traits = {
  /** It puts another version on an instance that it has taken out of service. */
  bakes: ['release', 'repair'],
  /** With blue/green it keeps the group that serves at its size meanwhile. */
  holdsMinimum: ['release'],
  /** It scales the fleet for an event, whose size another tag holds. */
  scales: ['scale'],
  /** Where it has moved traffic it goes on: somebody had a reason to leave what served. */
  goesOn: ['fast-rollback'],
} as const satisfies Record<string, readonly string[]>;

/** Whether runs of the operation that a group is tagged with do so; false for a group without tags. */
export const operationDoes = (before: Pick<PriorState, 'operation'> | undefined, trait: keyof typeof traits): boolean =>
  before !== undefined && traits[trait].some((name) => name === before.operation);
