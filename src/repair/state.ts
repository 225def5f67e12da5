import type { RunContext, Step } from '../engine/step.ts';
import type { ReleaseState, Services } from '../fleet/services.ts';
import type { ReleaseRecord } from '../ledger/types.ts';

/** How the image that the group launches is made one that can be launched again. */
export type RepairHow = 'enable' | 'rebake' | 'nothing';

/** Facts of a repair, as journaled. What it shares with a release, it shares the steps for. */
export interface RepairState extends ReleaseState {
  repair: RepairHow;
  /** The image that the group launched when it was planned, and its state in words. */
  broken: { imageId: string; state: string };
  /** What else differs from the ledger, and is not repaired: a line each. */
  others: string[];
  /** The image of the version by the ledger, before the new one. */
  recorded?: ReleaseRecord['image'];
  /** The version is known-good by the ledger. */
  knownGood: boolean;
  /** Name of the new image: that of the old one, unless that is still taken. */
  imageName?: string;
}

export type RepairContext = RunContext<Services, RepairState>;
export type RepairStep = Step<Services, RepairState>;
