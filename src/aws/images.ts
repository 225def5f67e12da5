import {
  DeregisterImageCommand,
  DescribeImagesCommand,
  type EC2Client,
  type Image,
  paginateDescribeImages,
} from '@aws-sdk/client-ec2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { awsCode, isNotFound } from './errors.ts';
import { observed } from './observed.ts';
import { removeResourceTags, setResourceTags } from './resource-tags.ts';
import { tagKeys, tagValue } from './tags.ts';

/** A golden image as the pipeline sees it. */
export interface GoldenImage {
  imageId: string;
  name: string;
  state: string;
  stateReason?: string;
  createdAt: string;
  version?: string;
  commit?: string;
  /** Absent for images that were baked before this tag existed. */
  projectCommit?: string;
  /** Run that created it; absent for an image that the pipeline did not create. */
  run?: string;
  /** The release has changed data in a way that versions before it cannot work with. */
  irreversible: boolean;
  /** ISO time at which it was rolled back; absent while it serves, or was never rolled back. */
  rolledBackAt?: string;
  knownGood: boolean;
  /** Versions whose environments it holds, newest first. */
  environments: string[];
  pinned: boolean;
  /** Who pinned it, when (ISO time) and why, as far as its tags say. */
  pin?: { by?: string; at?: string; reason?: string };
  /** The deregistration protection was enabled by the pin. */
  pinProtects: boolean;
  /** Protected against deregistration. */
  protected: boolean;
  /** ISO time at which it was retired. */
  retiredAt?: string;
  deprecated: boolean;
  snapshotIds: string[];
  /** Size of its volumes in GB: the maximum size of its snapshots. */
  sizeGb: number;
}

function toGoldenImage(image: Image): GoldenImage {
  return {
    imageId: image.ImageId ?? '',
    name: image.Name ?? '',
    state: image.State ?? 'unknown',
    stateReason: image.StateReason?.Message,
    createdAt: image.CreationDate ?? '',
    version: tagValue(image.Tags, tagKeys.version),
    commit: tagValue(image.Tags, tagKeys.commit),
    projectCommit: tagValue(image.Tags, tagKeys.projectCommit),
    run: tagValue(image.Tags, tagKeys.run),
    irreversible: tagValue(image.Tags, tagKeys.irreversible) === 'true',
    rolledBackAt: tagValue(image.Tags, tagKeys.rolledBackAt),
    knownGood: tagValue(image.Tags, tagKeys.knownGood) === 'true',
    environments: (tagValue(image.Tags, tagKeys.environments) ?? '').split(' ').filter(Boolean),
    ...pinOf(image),
    pinProtects: tagValue(image.Tags, tagKeys.pinProtects) === 'true',
    protected: (image.DeregistrationProtection ?? 'disabled') !== 'disabled',
    retiredAt: tagValue(image.Tags, tagKeys.retiredAt),
    deprecated: image.DeprecationTime !== undefined,
    snapshotIds: (image.BlockDeviceMappings ?? []).flatMap((device) => device.Ebs?.SnapshotId ?? []),
    sizeGb: (image.BlockDeviceMappings ?? []).reduce((sum, device) => sum + (device.Ebs?.VolumeSize ?? 0), 0),
  };
}

function pinOf({ Tags }: Image): Pick<GoldenImage, 'pinned' | 'pin'> {
  if (tagValue(Tags, tagKeys.pinned) !== 'true') return { pinned: false };
  const [by, at, reason] = [tagKeys.pinnedBy, tagKeys.pinnedAt, tagKeys.pinReason].map((key) => tagValue(Tags, key));
  return { pinned: true, pin: { by, at, reason } };
}

/**
 * An image by id, also a disabled one; undefined when the cloud does not find it, which is normal for some seconds
 * after its creation.
 */
export async function readImage(ec2: EC2Client, imageId: string): Promise<GoldenImage | undefined> {
  try {
    const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [imageId], IncludeDisabled: true }));
    return Images?.[0] && toGoldenImage(Images[0]);
  } catch (error) {
    if (isNotFound(error) || awsCode(error) === 'InvalidAMIID.Unavailable') return undefined;
    throw error;
  }
}

/** Images by id, without those that the cloud does not find: one call. */
export async function readImages(ec2: EC2Client, imageIds: readonly string[]): Promise<GoldenImage[]> {
  if (imageIds.length === 0) return [];
  const { Images } = await ec2.send(
    new DescribeImagesCommand({ Filters: [{ Name: 'image-id', Values: [...imageIds] }], IncludeDisabled: true }),
  );
  return (Images ?? []).map(toGoldenImage);
}

/** The account's own image of that exact name. AMI names are unique in an account and region. */
export async function findImageByName(ec2: EC2Client, name: string): Promise<GoldenImage | undefined> {
  const { Images } = await ec2.send(
    new DescribeImagesCommand({
      Owners: ['self'],
      Filters: [{ Name: 'name', Values: [name] }],
      // A disabled image keeps its name, so it is included.
      IncludeDisabled: true,
    }),
  );
  return Images?.[0] && toGoldenImage(Images[0]);
}

/**
 * The image of that name with the run's tag, which EC2 sets together with the image. Images of others with that name
 * are not found.
 */
export async function findImageOfRun(ec2: EC2Client, name: string, run: string): Promise<GoldenImage | undefined> {
  const image = await findImageByName(ec2, name);
  return image?.run === run ? image : undefined;
}

/** All golden images of an app in an environment, disabled ones too, oldest first. */
export async function listImages(ec2: EC2Client, app: string, environment: string): Promise<GoldenImage[]> {
  const images: GoldenImage[] = [];
  const pages = paginateDescribeImages(
    { client: ec2 },
    {
      Owners: ['self'],
      Filters: [
        { Name: `tag:${tagKeys.app}`, Values: [app] },
        { Name: `tag:${tagKeys.environment}`, Values: [environment] },
      ],
      IncludeDisabled: true,
      MaxResults: 1000,
    },
  );
  for await (const page of pages) images.push(...(page.Images ?? []).map(toGoldenImage));
  return images.sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.name.localeCompare(b.name));
}

/** Images of this account whose name has that prefix, whoever created them, also disabled ones. */
export async function listImagesNamed(ec2: EC2Client, prefix: string): Promise<GoldenImage[]> {
  const images: GoldenImage[] = [];
  const pages = paginateDescribeImages(
    { client: ec2 },
    {
      Owners: ['self'],
      Filters: [{ Name: 'name', Values: [`${prefix}*`] }],
      IncludeDisabled: true,
      MaxResults: 1000,
    },
  );
  for await (const page of pages) images.push(...(page.Images ?? []).map(toGoldenImage));
  return images;
}

/**
 * The base image: by id, or the newest available one whose name matches (`*` allowed). A name is searched among this
 * account's own images, since anybody may publish an image of that name; `<owner>/<name>` names another account.
 * @throws PipelineError `image.no-base` when there is none.
 */
export async function resolveBaseImage(ec2: EC2Client, nameOrId: string): Promise<GoldenImage> {
  const query = nameOrId.startsWith('ami-') ? { ImageIds: [nameOrId] } : ownedBy(nameOrId);
  const { Images } = await ec2.send(new DescribeImagesCommand(query));
  const available = (Images ?? []).map(toGoldenImage).filter((image) => image.state === 'available');
  const newest = available.sort((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
  if (newest) return newest;
  throw new PipelineError('image.no-base', `no available base image is called "${nameOrId}"`, {
    fix: 'build one (pipeline base build), or set instance.baseImage to an image that exists',
  });
}

function ownedBy(ownerAndName: string) {
  const [, owner = 'self', name = ''] = /^(?:(\d{12}|amazon|self)\/)?(.*)$/.exec(ownerAndName) ?? [];
  return { Owners: [owner], Filters: [{ Name: 'name', Values: [name] }] };
}

/**
 * Deregisters an image with its snapshots; a missing image is not an error.
 * @throws PipelineError `image.snapshots-left` naming the snapshots that were not deleted.
 */
export async function deregisterImage(ec2: EC2Client, imageId: string): Promise<void> {
  try {
    const results = await observed(
      async () =>
        (await ec2.send(new DeregisterImageCommand({ ImageId: imageId, DeleteAssociatedSnapshots: true })))
          .DeleteSnapshotResults ?? [],
      async () => ((await readImage(ec2, imageId)) ? undefined : []),
    );
    const left = results.filter((result) => !['success', 'skipped'].includes(result.ReturnCode ?? ''));
    if (left.length > 0) {
      const list = left.map((result) => `${result.SnapshotId} (${result.ReturnCode})`).join(', ');
      throw new PipelineError(
        'image.snapshots-left',
        `image ${imageId} is deregistered, but snapshots are left: ${list}`,
      );
    }
  } catch (error) {
    if (!isNotFound(error) && awsCode(error) !== 'InvalidAMIID.Unavailable') throw error;
  }
}

/** Marks images as rolled back: one call for all of them. */
export async function tagRolledBack(ec2: EC2Client, imageIds: readonly string[], at: string): Promise<void> {
  await setResourceTags(ec2, imageIds, { [tagKeys.rolledBackAt]: at });
}

/** Removes the mark of {@link tagRolledBack}. */
export async function untagRolledBack(ec2: EC2Client, imageId: string): Promise<void> {
  await removeResourceTags(ec2, [imageId], [tagKeys.rolledBackAt]);
}

/** Marks an image as one that has served a whole verify window. */
export async function tagKnownGood(ec2: EC2Client, imageId: string): Promise<void> {
  await setResourceTags(ec2, [imageId], { [tagKeys.knownGood]: 'true' });
}
