import { PipelineError } from '@golden-pipeline/shared/errors';
import { type GoldenImage, listImages } from '../aws/images.ts';
import type { Services } from '../fleet/services.ts';
import { rollbackTarget, withImage } from '../fleet/versions.ts';
import type { ReleaseRecord } from '../ledger/types.ts';

/**
 * The image to go back to, which must be there for instances to start from. A disabled one is taken where its version was named: the run
 * enables it first.
 * @throws PipelineError `rollback.image-gone` with how to get it back, where that is possible, and the next version that can be had
 */
export async function launchable(
  services: Pick<Services, 'fleet' | 'aws'>,
  image: GoldenImage | undefined,
  target: ReleaseRecord,
  releases: readonly ReleaseRecord[],
  { named }: { named: boolean },
): Promise<GoldenImage> {
  if (image?.state === 'available' || (named && image?.state === 'disabled')) return image;
  const { app } = services.fleet;
  const fixes = [
    ...(image ? fixFor(image, target.version, app) : []),
    ...(await alternative(services, target, releases)),
    `choose another: pipeline images ${app}`,
  ];
  throw new PipelineError('rollback.image-gone', `the image of ${target.version} is ${image?.state ?? 'gone'}`, {
    fix: fixes.join('; or '),
  });
}

/** Ids of the images that instances can start from now. */
export function availableIds(images: readonly GoldenImage[]): Set<string> {
  return new Set(images.filter((image) => image.state === 'available').map((image) => image.imageId));
}

/** A disabled one is enabled for who names its version; nobody is led there unasked. */
function fixFor({ state, retiredAt }: GoldenImage, version: string, app: string): string[] {
  if (state !== 'disabled') return [];
  const by = retiredAt === undefined ? '' : 'retention has disabled it; ';
  return [`${by}enable it and go there: pipeline fast-rollback ${app} ${version}`];
}

/** The last known-good version before it whose image can be launched now. */
async function alternative(
  { fleet, aws }: Pick<Services, 'fleet' | 'aws'>,
  target: ReleaseRecord,
  releases: readonly ReleaseRecord[],
): Promise<string[]> {
  const there = availableIds(await listImages(aws.ec2, fleet.app, fleet.environment));
  const other = rollbackTarget(withImage(releases, there), target.version);
  return other ? [`go to the next one before it: pipeline fast-rollback ${fleet.app} ${other.version}`] : [];
}
