import { PipelineError } from '@golden-pipeline/shared/errors';
import { type GoldenImage, listImages, listImagesNamed } from '../aws/images.ts';
import { instanceVersions } from '../aws/instances.ts';
import { templateReleases } from '../aws/launch-templates.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import { versionNumber, versionPattern } from '../shared/version.ts';
import type { FleetFacts, Services } from './services.ts';

/** Releases of an app in an environment as the cloud shows them, whichever ledger they were made with. */
export interface SeenReleases {
  /** Golden images with the fleet's tags, oldest first. */
  images: GoldenImage[];
  /** Images with a name of the fleet's, whoever made them. */
  named: GoldenImage[];
  /** The highest number of a version on images, instances and launch template versions; 0 without any. */
  highest: number;
}

/** Reads which releases there are: four calls, whatever the size of the fleet. */
export async function seeReleases(
  { fleet, aws }: Pick<Services, 'fleet' | 'aws'>,
  { current }: Pick<FleetFacts, 'current'>,
): Promise<SeenReleases> {
  const { app, environment, names } = fleet;
  const [images, named, onInstances, inTemplate] = await Promise.all([
    listImages(aws.ec2, app, environment),
    listImagesNamed(aws.ec2, names.imagePrefix),
    instanceVersions(aws.ec2, app, environment),
    templateReleases(aws.ec2, current.templateId),
  ]);
  const inNames = named.map((image) => image.name.slice(names.imagePrefix.length));
  const versions = [...images.flatMap((image) => image.version ?? []), ...inNames, ...onInstances, ...inTemplate];
  return { images, named, highest: Math.max(0, ...versions.map(numberOf)) };
}

/** 42 for `v42`; 0 for what is not a version. */
function numberOf(version: string): number {
  return versionPattern.test(version) ? versionNumber(version) : 0;
}

/** Versions with a golden image that the ledger has no record of, in the order of their numbers. */
export function unrecorded(images: readonly GoldenImage[], releases: readonly ReleaseRecord[]): string[] {
  const known = new Set(releases.map((release) => release.version));
  const versions = images.flatMap(({ version }) =>
    version !== undefined && versionPattern.test(version) && !known.has(version) ? version : [],
  );
  return [...new Set(versions)].sort((a, b) => numberOf(a) - numberOf(b));
}

/**
 * That the ledger knows every release that the cloud shows: with another ledger than the team's nothing is known of locks, of what is
 * known-good, or of what was rolled back.
 * @throws PipelineError `ledger.incomplete` naming the versions and both ways out
 */
export function assertRecorded(
  { fleet }: Pick<Services, 'fleet'>,
  { images }: Pick<SeenReleases, 'images'>,
  releases: readonly ReleaseRecord[],
): void {
  const missing = unrecorded(images, releases);
  if (missing.length === 0) return;
  const { app, environment } = fleet;
  const where = fleet.ledger.bucket === undefined ? `folder ${fleet.ledger.path}` : `bucket ${fleet.ledger.bucket}`;
  throw new PipelineError(
    'ledger.incomplete',
    `the ledger (${where}) does not know ${missing.join(', ')} of ${app} in ${environment}, which ${missing.length === 1 ? 'has a golden image' : 'have golden images'}`,
    {
      fix: `use the ledger that the team releases with; or, if it is lost, add what is missing: pipeline ledger rebuild ${app}`,
      details: missing.map((version) => imageLine(images, version)),
    },
  );
}

function imageLine(images: readonly GoldenImage[], version: string): string {
  const image = images.find((one) => one.version === version);
  return `${version}: ${image?.name} (${image?.imageId}), made by run ${image?.run ?? 'unknown'} at ${image?.createdAt}`;
}
