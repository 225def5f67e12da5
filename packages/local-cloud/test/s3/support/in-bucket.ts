import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';

/** The part of an upload that a call is about. */
export interface PartOf {
  Key: string;
  UploadId: string | undefined;
  PartNumber: number;
}

/**
 * Calls on the objects of one bucket, as most tests make them; `more` is added to the input.
 * @param client asked for at each call, because tests start their server in a hook
 */
export function inBucket(client: () => S3Client, Bucket: string) {
  return {
    put: (Key: string, Body: PutObjectCommandInput['Body'], more: Partial<PutObjectCommandInput> = {}) =>
      client().send(new PutObjectCommand({ Bucket, Key, Body, ...more })),
    copy: (from: string, Key: string, more: object = {}) =>
      client().send(
        new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${encodeURIComponent(from)}`, ...more }),
      ),
    /** Starts an upload in parts. */
    begin: async (Key: string, more: object = {}) => {
      const answer = await client().send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
      return { ...answer, UploadId: answer.UploadId ?? '' };
    },
    part: (part: PartOf, Body: Buffer | string, more: object = {}) =>
      client().send(new UploadPartCommand({ Bucket, ...part, Body, ...more })),
    copyPart: (from: string, part: PartOf, more: object = {}) =>
      client().send(new UploadPartCopyCommand({ Bucket, ...part, CopySource: `${Bucket}/${from}`, ...more })),
    complete: (Key: string, UploadId: string | undefined, Parts: { PartNumber: number; ETag?: string }[], more = {}) =>
      client().send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more })),
  };
}
