import { observeFleet } from './observe.ts';
import type { FleetFacts, Services } from './services.ts';

/** What a run goes from and to. */
export type Move = Pick<FleetFacts, 'current'> & { imageId?: string };

/**
 * Why a run that has been interrupted does not fit the fleet any more: it launches an image that is neither the one which served before the
 * run nor the one that the run brings. Undefined while it fits. It only reads.
 */
export async function servesOtherwise(services: Services, { current, imageId }: Move): Promise<string | undefined> {
  const { facts } = await observeFleet(services);
  const now = facts.current;
  if ([current.imageId, imageId].includes(now.imageId)) return undefined;
  return `${facts.group} is on ${now.version ?? now.imageId} by now, which is not of this run`;
}
