import { listImages } from '../aws/images.ts';
import { groupMachines } from '../aws/instances.ts';
import type { Services } from '../steps/services.ts';
import { observeFleet } from '../steps/support/observe.ts';

/** One line of `images --json`. */
export interface ImageStatus {
  version: string;
  imageId: string;
  state: string;
  commit: string;
  createdAt: string;
  /** A machine runs on it, or new ones start from it. */
  inUse: boolean;
  pinned: boolean;
  knownGood: boolean;
}

/** The golden images of the app, newest first. */
export async function readImages(services: Services): Promise<ImageStatus[]> {
  const { fleet, aws } = services;
  const seen = await observeFleet(services);
  const [images, machines] = await Promise.all([
    listImages(aws.ec2, fleet.app, fleet.environment),
    groupMachines(aws.ec2, seen.facts.group),
  ]);
  const used = new Set([seen.facts.current.imageId, ...machines.map((machine) => machine.imageId)]);
  return images.reverse().map((image) => ({
    version: image.version ?? '',
    imageId: image.imageId,
    state: image.state,
    commit: image.commit ?? '',
    createdAt: image.createdAt,
    inUse: used.has(image.imageId),
    pinned: image.pinned,
    knownGood: image.knownGood,
  }));
}
