import { createHash, type Hash } from 'node:crypto';
import { Crc32, Crc32c, Crc64NvmeJs } from '@aws-sdk/checksums/crc';
import { invalidRequest, notImplemented, S3Error } from './error.ts';
import { tag } from './xml.ts';

/** A checksum of an object or a part, sent along or made here. */
export interface Checksum {
  algorithm: ChecksumAlgorithm;
  /** Base64; for `COMPOSITE` with the number of parts behind it, e.g. `AAAAAA==-2`. */
  value: string;
  /** What it is made of; without it `FULL_OBJECT`. */
  type?: ChecksumType;
}

/** Of all bytes of the object, or of the checksums of the parts that it was put together from. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** The checksum that an object put together from parts gets. */
export interface UploadChecksum {
  algorithm: ChecksumAlgorithm;
  type: ChecksumType;
  /** The caller has chosen it, so parts have checksums of this algorithm, and none of another. */
  named: boolean;
}

/** S3's own choice where the caller names none. */
export const usualAlgorithm = 'crc64nvme';

/** A checksum that is fed piece by piece. */
export interface Digest {
  update(chunk: Uint8Array): void;
  /** Base64. */
  finish(): Promise<string>;
}

const makers = {
  crc32: () => ofSdk(new Crc32()),
  crc32c: () => ofSdk(new Crc32c()),
  crc64nvme: () => ofSdk(new Crc64NvmeJs()),
  sha1: () => ofNode(createHash('sha1')),
  sha256: () => ofNode(createHash('sha256')),
};

function ofSdk(sum: { update(chunk: Uint8Array): void; digest(): Promise<Uint8Array> }): Digest {
  return {
    update: (chunk) => sum.update(chunk),
    finish: async () => Buffer.from(await sum.digest()).toString('base64'),
  };
}

function ofNode(hash: Hash): Digest {
  return { update: (chunk) => void hash.update(chunk), finish: async () => hash.digest('base64') };
}

export type ChecksumAlgorithm = keyof typeof makers;

/** Bytes of each digest. */
const sizes: Record<ChecksumAlgorithm, number> = { crc32: 4, crc32c: 4, crc64nvme: 8, sha1: 20, sha256: 32 };

export function createDigest(algorithm: ChecksumAlgorithm): Digest {
  return makers[algorithm]();
}

/** The header that carries a checksum. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm}`;
}

/** Which checksum a request announces: its value in a header, or only its algorithm when the value follows in a trailer. */
export interface AnnouncedChecksum {
  algorithm: ChecksumAlgorithm;
  value?: string;
}

/**
 * @param header Value of a header, by its name in lower case.
 * @throws S3Error for more than one checksum, an unknown algorithm, a value that is none, or not the one that the SDK names
 */
export function announcedChecksum(header: (name: string) => string | undefined): AnnouncedChecksum | undefined {
  const found: AnnouncedChecksum[] = [];
  for (const algorithm of Object.keys(makers) as ChecksumAlgorithm[]) {
    const value = header(checksumHeader(algorithm));
    if (value !== undefined) found.push({ algorithm, value: checkValue(algorithm, value) });
  }
  const trailer = header('x-amz-trailer')?.trim().toLowerCase();
  if (trailer !== undefined) found.push({ algorithm: fromTrailer(trailer) });
  if (found.length > 1)
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  checkNamed(header('x-amz-sdk-checksum-algorithm'), found[0]);
  return found[0];
}

/**
 * Holds the algorithm that an SDK names against the checksum that it sends.
 * @throws S3Error `InvalidRequest` when there is none, `BadDigest` when it is of another algorithm, as S3's reference of PutObject says
 */
function checkNamed(name: string | undefined, sent: AnnouncedChecksum | undefined): void {
  const named = readAlgorithm(name);
  if (named === undefined || named === sent?.algorithm) return;
  if (sent !== undefined) throw badChecksum(named);
  throw invalidRequest(
    'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
  );
}

/** @throws S3Error when it is not base64 of a digest's length */
export function checkValue(algorithm: ChecksumAlgorithm, value: string): string {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === sizes[algorithm] && bytes.toString('base64') === value) return value;
  throw invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
}

/** An algorithm by the name that `x-amz-checksum-algorithm` gives it. @throws S3Error `InvalidRequest` */
export function readAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  const known = name?.toLowerCase();
  if (known === undefined || Object.hasOwn(makers, known)) return known as ChecksumAlgorithm | undefined;
  throw invalidRequest(
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
  );
}

/** A checksum as documents of S3 have it; nothing for what has none. */
export function checksumTags(checksum: Checksum | undefined, { withType = true } = {}): string {
  if (!checksum) return '';
  const value = tag(`Checksum${checksum.algorithm.toUpperCase()}`, checksum.value);
  return withType ? value + tag('ChecksumType', checksum.type ?? 'FULL_OBJECT') : value;
}

export function badChecksum(algorithm: ChecksumAlgorithm): S3Error {
  const message = `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`;
  return new S3Error('BadDigest', message, 400);
}

function fromTrailer(trailer: string): ChecksumAlgorithm {
  const name = trailer.replace('x-amz-checksum-', '');
  if (trailer.startsWith('x-amz-checksum-') && Object.hasOwn(makers, name)) return name as ChecksumAlgorithm;
  throw notImplemented(`the trailer ${trailer.slice(0, 100)}`);
}
