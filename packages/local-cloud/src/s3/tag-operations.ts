import { S3Error } from './error.ts';
import { versionHeader } from './object-headers.ts';
import { findVersion } from './object-read.ts';
import type { Operation } from './request.ts';
import { taggingDocument, tagsOfDocument } from './tags.ts';

/** Tags of a version; one without any has an empty set. */
export const getObjectTagging: Operation = async (request, { buckets }) => {
  const bucket = await buckets.get(request.bucket);
  const version = findVersion(bucket, request);
  return { status: 200, headers: versionHeader(version, bucket.facts), body: taggingDocument(version.tags ?? {}) };
};

export const putObjectTagging: Operation = async (request, context) => {
  const bucket = await context.buckets.get(request.bucket);
  const tags = tagsOfDocument(await request.payload.text(), 'object');
  const version = await bucket.retag(() => context.buckets.drafts.create(), findVersion(bucket, request), tags);
  return { status: 200, headers: versionHeader(version, bucket.facts) };
};

export const deleteObjectTagging: Operation = async (request, context) => {
  const bucket = await context.buckets.get(request.bucket);
  const version = await bucket.retag(() => context.buckets.drafts.create(), findVersion(bucket, request), {});
  return { status: 204, headers: versionHeader(version, bucket.facts) };
};

/** Unlike an object, a bucket without tags has no set of them. */
export const getBucketTagging: Operation = async ({ bucket: name }, { buckets }) => {
  const { tags } = (await buckets.get(name)).facts;
  if (tags) return { status: 200, body: taggingDocument(tags) };
  throw new S3Error('NoSuchTagSet', 'The TagSet does not exist', 404, { BucketName: name });
};

export const putBucketTagging: Operation = async ({ bucket: name, payload }, { buckets }) => {
  const bucket = await buckets.get(name);
  const tags = tagsOfDocument(await payload.text(), 'bucket');
  await buckets.update(bucket, { ...bucket.facts, tags });
  return { status: 204 };
};

export const deleteBucketTagging: Operation = async ({ bucket: name }, { buckets }) => {
  const bucket = await buckets.get(name);
  await buckets.update(bucket, { ...bucket.facts, tags: undefined });
  return { status: 204 };
};
