import { CreateImageCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Poll } from '../engine/poll.ts';
import { awsCode } from './errors.ts';
import { findImageByName, type GoldenImage, readImage } from './images.ts';
import { isAmbiguous } from './observed.ts';
import { tagKeys, toTags } from './tags.ts';

export interface BakeRequest {
  instanceId: string;
  name: string;
  description: string;
  tags: Record<string, string>;
}

/**
 * Starts the bake, and tags image and snapshots with the same call. `CreateImage` has no client token, so the name is
 * the key: an image of that name which this run has started before (lost answer, resume) is adopted.
 * @throws PipelineError `image.name-taken` when the name belongs to another run.
 */
export async function createImage(ec2: EC2Client, poll: Poll, request: BakeRequest): Promise<string> {
  const existing = await findImageByName(ec2, request.name);
  if (existing) return adopt(existing, request);
  const tags = toTags(request.tags);
  try {
    const { ImageId } = await ec2.send(
      new CreateImageCommand({
        InstanceId: request.instanceId,
        Name: request.name,
        Description: request.description,
        TagSpecifications: [
          { ResourceType: 'image', Tags: tags },
          { ResourceType: 'snapshot', Tags: tags },
        ],
      }),
    );
    return ImageId ?? '';
  } catch (error) {
    if (awsCode(error) !== 'InvalidAMIName.Duplicate' && !isAmbiguous(error)) throw error;
    // Only a look-up by name shows whether the image was created. A new image may not be found for some seconds.
    const begun = await poll({
      what: `image ${request.name} to show`,
      read: () => findImageByName(ec2, request.name),
      until: (image) => image !== undefined,
      everyMs: 1000,
      timeoutMs: 20_000,
    }).catch(() => undefined);
    if (begun) return adopt(begun, request);
    throw error;
  }
}

function adopt(image: GoldenImage, request: BakeRequest): string {
  if (image.run === request.tags[tagKeys.run]) return image.imageId;
  throw nameTaken(image);
}

/** The error for an image name that is in use, by another run or by an image that no run has created. */
export function nameTaken({ imageId, name, run }: GoldenImage): PipelineError {
  const of = run === undefined ? 'no run of the pipeline made it' : `made by run ${run}`;
  return new PipelineError('image.name-taken', `an image named ${name} already exists (${imageId}, ${of})`, {
    fix: 'release again, which takes the next version; deregister the image only if nothing uses it',
  });
}

/**
 * Waits until an image is available. An image that is not found yet counts as pending (eventual consistency).
 * @throws PipelineError `image.failed` with the cloud's reason when it can never become available.
 */
export function waitImageAvailable(
  ec2: EC2Client,
  poll: Poll,
  imageId: string,
  times: {
    everyMs: number;
    timeoutMs: number;
    progress?: (state: string) => void;
    /** Called at each reading; a throw ends the wait. */
    look?: () => Promise<unknown>;
  },
): Promise<GoldenImage | undefined> {
  return poll({
    what: `image ${imageId} to become available`,
    read: async () => {
      await times.look?.();
      return readImage(ec2, imageId);
    },
    until: (image) => {
      if (image && !['available', 'pending', 'transient'].includes(image.state)) {
        throw new PipelineError(
          'image.failed',
          `image ${imageId} is ${image.state}: ${image.stateReason ?? 'no reason given'}`,
        );
      }
      return image?.state === 'available';
    },
    progress: (image) => times.progress?.(image?.state ?? 'not visible yet'),
    explain: (image) => ({
      causes: [`${imageId} is ${image?.state ?? 'not visible'}${image?.stateReason ? `: ${image.stateReason}` : ''}`],
    }),
    everyMs: times.everyMs,
    timeoutMs: times.timeoutMs,
  });
}
