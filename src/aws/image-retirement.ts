import {
  DisableImageCommand,
  DisableImageDeprecationCommand,
  DisableImageDeregistrationProtectionCommand,
  type EC2Client,
  EnableImageCommand,
  EnableImageDeprecationCommand,
  EnableImageDeregistrationProtectionCommand,
} from '@aws-sdk/client-ec2';
import { type GoldenImage, readImage } from './images.ts';
import { observedChange } from './observed.ts';
import { removeResourceTags, setResourceTags } from './resource-tags.ts';
import { tagKeys } from './tags.ts';

/**
 * EC2 refuses a time in the past and rounds to the minute. A time this far ahead, in milliseconds, is always accepted.
 */
const deprecationLeadMs = 120_000;

/**
 * Tags an image and its snapshots with the time of retirement, so that a snapshot keeps the time after its image is
 * gone.
 */
export async function markRetired(ec2: EC2Client, ids: string[], at: number): Promise<void> {
  await setResourceTags(ec2, ids, { [tagKeys.retiredAt]: new Date(at).toISOString() });
}

/** Removes the tag that {@link markRetired} sets. */
export async function unmarkRetired(ec2: EC2Client, ids: string[]): Promise<void> {
  await removeResourceTags(ec2, ids, [tagKeys.retiredAt]);
}

/**
 * Marks an image as deprecated: other accounts no longer find it, launches still work.
 * @param now milliseconds since the epoch
 */
export async function deprecateImage(ec2: EC2Client, imageId: string, now: number): Promise<void> {
  const at = new Date(now + deprecationLeadMs);
  await change(
    ec2,
    imageId,
    () => ec2.send(new EnableImageDeprecationCommand({ ImageId: imageId, DeprecateAt: at })),
    (image) => image.deprecated,
  );
}

export async function undeprecateImage(ec2: EC2Client, imageId: string): Promise<void> {
  await change(
    ec2,
    imageId,
    () => ec2.send(new DisableImageDeprecationCommand({ ImageId: imageId })),
    (image) => !image.deprecated,
  );
}

/**
 * Disables an image, so that it cannot be launched. EC2 also removes its launch permissions for other accounts,
 * permanently.
 */
export async function disableImage(ec2: EC2Client, imageId: string): Promise<void> {
  await change(
    ec2,
    imageId,
    () => ec2.send(new DisableImageCommand({ ImageId: imageId })),
    (image) => image.state === 'disabled',
  );
}

/** Enables a disabled image, so that it can be launched again. */
export async function enableImage(ec2: EC2Client, imageId: string): Promise<void> {
  await change(
    ec2,
    imageId,
    () => ec2.send(new EnableImageCommand({ ImageId: imageId })),
    (image) => image.state === 'available',
  );
}

/**
 * Makes EC2 refuse to deregister the image for every caller. Without a cooldown, so that the protection can be removed
 * at once.
 */
export async function protectImage(ec2: EC2Client, imageId: string): Promise<void> {
  const command = new EnableImageDeregistrationProtectionCommand({ ImageId: imageId, WithCooldown: false });
  await change(
    ec2,
    imageId,
    () => ec2.send(command),
    (image) => image.protected,
  );
}

export async function unprotectImage(ec2: EC2Client, imageId: string): Promise<void> {
  const command = new DisableImageDeregistrationProtectionCommand({ ImageId: imageId });
  await change(
    ec2,
    imageId,
    () => ec2.send(command),
    (image) => !image.protected,
  );
}

/** Who wants an image kept, when and why. */
export interface PinNote {
  by: string;
  /** ISO time. */
  at: string;
  reason?: string;
  /** The pin has enabled the deregistration protection. */
  protects: boolean;
}

const pinKeys = [tagKeys.pinned, tagKeys.pinnedBy, tagKeys.pinnedAt, tagKeys.pinReason, tagKeys.pinProtects];

export async function tagPinned(ec2: EC2Client, imageId: string, note: PinNote): Promise<void> {
  const tags = {
    [tagKeys.pinned]: 'true',
    [tagKeys.pinnedBy]: note.by,
    [tagKeys.pinnedAt]: note.at,
    [tagKeys.pinReason]: note.reason,
    [tagKeys.pinProtects]: note.protects ? 'true' : undefined,
  };
  await setResourceTags(ec2, [imageId], tags);
  // Tags of an earlier pin.
  if (note.reason === undefined) await removeResourceTags(ec2, [imageId], [tagKeys.pinReason]);
}

export async function untagPinned(ec2: EC2Client, imageId: string): Promise<void> {
  await removeResourceTags(ec2, [imageId], pinKeys);
}

/** Sends a change of an image; where its end is ambiguous the image tells. */
async function change(
  ec2: EC2Client,
  imageId: string,
  send: () => Promise<unknown>,
  isInEffect: (image: GoldenImage) => boolean,
): Promise<void> {
  await observedChange(send, async () => {
    const image = await readImage(ec2, imageId);
    return image !== undefined && isInEffect(image);
  });
}
