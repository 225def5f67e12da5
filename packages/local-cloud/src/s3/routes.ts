import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
  putBucketVersioning,
} from './bucket-operations.ts';
import { notImplemented, S3Error } from './error.ts';
import { listObjects, listObjectVersions } from './list-operations.ts';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
  listParts,
  uploadPart,
} from './multipart.ts';
import { copyObject } from './object-copy.ts';
import { deleteObject, deleteObjects } from './object-delete.ts';
import { getObject, headObject } from './object-read.ts';
import { putObject } from './object-write.ts';
import { uploadPartCopy } from './part-copy.ts';
import type { Operation, S3Request } from './request.ts';
import {
  deleteBucketTagging,
  deleteObjectTagging,
  getBucketTagging,
  getObjectTagging,
  putBucketTagging,
  putObjectTagging,
} from './tag-operations.ts';

/** Query parameters that make a request another operation: those that AWS has, the served ones among them. */
const subresources = new Set(
  `abac accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle
  location logging metadataConfiguration metadataTable metrics notification object-lock ownershipControls partNumber policy
  policyStatus publicAccessBlock renameObject replication requestPayment restore retention select session tagging torrent
  uploadId uploads versioning versions website`.split(/\s+/),
);

const served: Record<string, Record<string, [name: string, operation: Operation]>> = {
  service: { GET: ['ListBuckets', listBuckets] },
  bucket: {
    PUT: ['CreateBucket', createBucket],
    HEAD: ['HeadBucket', headBucket],
    DELETE: ['DeleteBucket', deleteBucket],
    GET: ['ListObjects', listObjects],
  },
  'bucket?location': { GET: ['GetBucketLocation', getBucketLocation] },
  'bucket?versioning': {
    GET: ['GetBucketVersioning', getBucketVersioning],
    PUT: ['PutBucketVersioning', putBucketVersioning],
  },
  'bucket?versions': { GET: ['ListObjectVersions', listObjectVersions] },
  'bucket?delete': { POST: ['DeleteObjects', deleteObjects] },
  'bucket?uploads': { GET: ['ListMultipartUploads', listMultipartUploads] },
  object: {
    GET: ['GetObject', getObject],
    HEAD: ['HeadObject', headObject],
    PUT: ['PutObject', putObject],
    DELETE: ['DeleteObject', deleteObject],
  },
  'bucket?tagging': {
    GET: ['GetBucketTagging', getBucketTagging],
    PUT: ['PutBucketTagging', putBucketTagging],
    DELETE: ['DeleteBucketTagging', deleteBucketTagging],
  },
  'object?tagging': {
    GET: ['GetObjectTagging', getObjectTagging],
    PUT: ['PutObjectTagging', putObjectTagging],
    DELETE: ['DeleteObjectTagging', deleteObjectTagging],
  },
  'object?uploads': { POST: ['CreateMultipartUpload', createMultipartUpload] },
  'object?uploadId': {
    GET: ['ListParts', listParts],
    PUT: ['UploadPart', uploadPart],
    POST: ['CompleteMultipartUpload', completeMultipartUpload],
    DELETE: ['AbortMultipartUpload', abortMultipartUpload],
  },
};

export interface Route {
  /** AWS's name of the operation; method and subresource for what is not served. */
  name: string;
  /** Refuses what is not served, when it is called. */
  operation: Operation;
}

/** The operation that a request asks for. */
export function routeOf(request: Pick<S3Request, 'method' | 'bucket' | 'key' | 'query' | 'header'>): Route {
  const { method, bucket, key, query, header } = request;
  const target = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  // Beside an upload's id, `partNumber` is an argument.
  const subresource = query.has('uploadId') ? 'uploadId' : [...query.keys()].find((name) => subresources.has(name));
  const table = served[subresource === undefined ? target : `${target}?${subresource}`];
  const [name, operation] = (table && Object.hasOwn(table, method) && table[method]) || [];
  if (name === undefined || operation === undefined) {
    const asked = [method, target, subresource].filter(Boolean).join(' ');
    return { name: asked, operation: refuse(table ? methodNotAllowed(method) : notImplemented(asked)) };
  }
  if (name === 'PutObject' && header('x-amz-copy-source') !== undefined)
    return { name: 'CopyObject', operation: copyObject };
  if (name === 'UploadPart' && header('x-amz-copy-source') !== undefined)
    return { name: 'UploadPartCopy', operation: uploadPartCopy };
  if (name === 'ListObjects' && query.has('list-type')) return { name: 'ListObjectsV2', operation };
  return { name, operation };
}

function refuse(error: S3Error): Operation {
  return () => Promise.reject(error);
}

function methodNotAllowed(method: string): S3Error {
  const message = 'The specified method is not allowed against this resource.';
  return new S3Error('MethodNotAllowed', message, 405, { Method: method });
}
