import type { ImageFacts, NewTemplate, VersionFacts } from '../fleet/facts.ts';
import type { Leftover } from '../fleet/leftovers/leftover.ts';
import type { ContextWith, FleetFacts, StepWith } from '../fleet/services.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import type { PlainFacts } from '../plays/facts.ts';
import type { ValidationFacts } from '../release/state.ts';

/** Id of the image in the state of a repair that only restores what was left, as the image cannot be repaired. */
export const unknownImage = 'unknown';

/** How the image that the group launches is made one that can be launched again. */
export type RepairMethod = 'enable' | 'rebake' | 'nothing';

/** Facts of a repair, as journaled. */
export interface RepairState extends FleetFacts, VersionFacts, ImageFacts, NewTemplate, ValidationFacts, PlainFacts {
  repair: RepairMethod;
  /** The image that the group launched when it was planned, and its state in words. */
  broken: { imageId: string; state: string };
  /** What else differs from the ledger, and is not repaired: a line each. */
  others: string[];
  /** What runs that are over have left, whether tags show that or not; absent in journals from before it was looked for. */
  leftovers?: Leftover[];
  /** A run that this ledger does not know, and that a person says is over. */
  lostRun?: string;
  /** Nothing of it is left that the tags of the run are needed for, and they are removed. */
  restored?: true;
  /** What could not be restored, a line each. */
  left?: string[];
  /** The group launches another image since what was left is restored: that image was not looked at. */
  unchecked?: true;
  /** Why versions before this one cannot work with the data any more: a tag of the image. */
  irreversible?: string;
  /** The image of the version by the ledger, before the new one. */
  recorded?: ReleaseRecord['image'];
  /** The version is known-good by the ledger. */
  knownGood: boolean;
  /** Name of the new image: that of the old one, unless that is still taken. */
  imageName?: string;
}

/** Whether the tags of the run are not needed any more: nothing was left, or all of it is restored. */
export const isRestored = ({ leftovers = [], restored }: Pick<RepairState, 'leftovers' | 'restored'>): boolean =>
  restored === true || !leftovers.some((one) => one.restore);

export type RepairContext = ContextWith<RepairState>;
export type RepairStep = StepWith<RepairState>;
