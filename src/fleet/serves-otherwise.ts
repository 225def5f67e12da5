import { PipelineError } from '@golden-pipeline/shared/errors';
import type { VersionNames } from './facts.ts';
import { observeFleet } from './observe.ts';
import type { ContextWith, FleetFacts, Services } from './services.ts';

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

/**
 * That the fleet is still on the image that the run has brought to every instance. It only reads.
 * @throws PipelineError `fleet.on-other-version`
 */
export async function assertStillOn({
  services,
  state: { imageId, version },
}: Pick<ContextWith<Pick<Move, 'imageId'> & VersionNames>, 'services' | 'state'>): Promise<void> {
  if (imageId === undefined) return;
  const { group, current } = (await observeFleet(services)).facts;
  if (current.imageId === imageId) return;
  const { app } = services.fleet;
  throw new PipelineError(
    'fleet.on-other-version',
    `${group} is on ${current.version ?? current.imageId} by now, not on ${version}: nothing more is recorded or changed`,
    {
      fix: `if ${version} must serve: pipeline fast-rollback ${app} ${version}; pipeline status ${app} shows the fleet`,
    },
  );
}
