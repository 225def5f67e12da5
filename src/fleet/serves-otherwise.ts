import { PipelineError } from '@golden-pipeline/shared/errors';
import { readGroup } from '../aws/groups.ts';
import { readTemplateVersion } from '../aws/launch-templates.ts';
import type { ImageFacts, VersionNames } from './facts.ts';
import { observeFleet } from './observe.ts';
import type { ContextWith, FleetFacts, FleetGroup, Services } from './services.ts';

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
 * That the group still launches the image that the run has brought to every instance. Two calls, which only read.
 * @throws PipelineError `fleet.on-other-version`
 */
export async function assertStillOn({
  services: { fleet, aws },
  state: { group, imageId, version },
}: Pick<ContextWith<Pick<FleetGroup, 'group'> & ImageFacts & VersionNames>, 'services' | 'state'>): Promise<void> {
  if (imageId === undefined) return;
  const { launchTemplate } = await readGroup(aws.autoScaling, group);
  const now = await readTemplateVersion(aws.ec2, launchTemplate.id, launchTemplate.version);
  if (now.imageId === imageId) return;
  throw new PipelineError(
    'fleet.on-other-version',
    `${group} is on ${now.release ?? now.imageId} by now, not on ${version}: nothing more is recorded or changed`,
    {
      fix: `if ${version} must serve: pipeline fast-rollback ${fleet.app} ${version}; pipeline status ${fleet.app} shows the fleet`,
    },
  );
}
