import { type EC2Client, paginateDescribeImages } from '@aws-sdk/client-ec2';
import { tagKeys, tagValue } from './tags.ts';

/** A base image: an image that fleets start from. */
export interface BaseImage {
  imageId: string;
  name: string;
  state: string;
  /** ISO time. */
  createdAt: string;
  /** Id of the image that it was built on. */
  source?: string;
}

/** The account's base images and those of `imageIds` that the cloud still knows, newest first. */
export async function listBaseImages(ec2: EC2Client, imageIds: readonly string[]): Promise<BaseImage[]> {
  const found = new Map<string, BaseImage>();
  const queries = [
    { Owners: ['self'], Filters: [{ Name: `tag:${tagKeys.base}`, Values: ['true'] }] },
    ...(imageIds.length === 0 ? [] : [{ Filters: [{ Name: 'image-id', Values: [...imageIds] }] }]),
  ];
  for (const query of queries) {
    const pages = paginateDescribeImages({ client: ec2 }, { ...query, IncludeDisabled: true, MaxResults: 1000 });
    for await (const { Images = [] } of pages) {
      for (const image of Images) {
        found.set(image.ImageId ?? '', {
          imageId: image.ImageId ?? '',
          name: image.Name ?? '',
          state: image.State ?? 'unknown',
          createdAt: image.CreationDate ?? '',
          source: tagValue(image.Tags, tagKeys.baseSource),
        });
      }
    }
  }
  return [...found.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}
