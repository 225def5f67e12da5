import type { Buckets } from './buckets.ts';
import type { Payload } from './payload.ts';
import type { S3Response } from './response.ts';
import type { Uploads } from './uploads.ts';

/** A request whose signature holds. */
export interface S3Request {
  readonly method: string;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  /** Decoded; of a name that is given twice the first counts. */
  readonly query: ReadonlyMap<string, string>;
  /** Value of a header, several joined, by its name in lower case. */
  readonly header: (name: string) => string | undefined;
  /** Names of all headers, in lower case. */
  readonly headerNames: readonly string[];
  /** What it was signed for. */
  readonly region: string;
  readonly payload: Payload;
}

/** What the operations work with. */
export interface S3Context {
  readonly buckets: Buckets;
  readonly uploads: Uploads;
  /** Milliseconds since the epoch. */
  now(): number;
}

export type Operation = (request: S3Request, context: S3Context) => Promise<S3Response>;
