import {
  badChecksum,
  type Checksum,
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumHeader,
  createDigest,
  readAlgorithm,
  type UploadChecksum,
  usualAlgorithm,
} from './checksum.ts';
import { invalidRequest } from './error.ts';
import type { S3Request } from './request.ts';
import type { Part, Upload } from './uploads.ts';
import { tag, type XmlElement } from './xml.ts';

/** Types that S3 knows for each algorithm, the usual one first. */
const types: Record<ChecksumAlgorithm, ChecksumType[]> = {
  crc32: ['COMPOSITE', 'FULL_OBJECT'],
  crc32c: ['COMPOSITE', 'FULL_OBJECT'],
  crc64nvme: ['FULL_OBJECT'],
  sha1: ['COMPOSITE'],
  sha256: ['COMPOSITE'],
};

/** What CreateMultipartUpload asks for. @throws S3Error `InvalidRequest` in S3's words for what does not go together */
export function readUploadChecksum({ header }: S3Request): UploadChecksum {
  const algorithm = readAlgorithm(header('x-amz-checksum-algorithm'));
  const wanted = header('x-amz-checksum-type')?.toUpperCase();
  if (algorithm === undefined) {
    if (wanted === undefined) return { algorithm: usualAlgorithm, type: 'FULL_OBJECT', named: false };
    throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
  }
  if (wanted !== undefined && wanted !== 'FULL_OBJECT' && wanted !== 'COMPOSITE')
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.');
  const [usual = 'FULL_OBJECT'] = types[algorithm];
  const type = wanted ?? usual;
  if (types[algorithm].includes(type)) return { algorithm, type, named: true };
  throw invalidRequest(`The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`);
}

/** The algorithm that S3 makes a part's checksum with, where none is sent along. */
export function usualOfPart({ checksum: { algorithm, type, named } }: Upload): ChecksumAlgorithm | undefined {
  return named && type === 'FULL_OBJECT' ? algorithm : undefined;
}

/** The checksum of a part, as far as the upload keeps it. @throws S3Error `InvalidRequest` for another algorithm, or none */
export function checkPart({ checksum: wanted }: Upload, sent: Checksum | undefined): Checksum | undefined {
  if (!wanted.named) return undefined;
  if (sent?.algorithm === wanted.algorithm) return sent;
  throw typeMismatch(wanted.algorithm, sent?.algorithm);
}

/** Refuses a completion that leaves out the checksum of a part, where they are what the object's is made of. */
export function requirePartChecksums({ checksum: { algorithm, type } }: Upload, parts: readonly XmlElement[]): void {
  if (type !== 'COMPOSITE') return;
  const without = parts.findIndex(({ children }) => !children.some(({ name }) => name.startsWith('Checksum')));
  if (without < 0) return;
  throw invalidRequest(
    `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${without + 1} in the request.`,
  );
}

/**
 * Makes the checksum of an object from its parts: bytes are fed as they are written.
 * @param parts those of the object, in its order
 */
export function objectDigest({ checksum: { algorithm, type } }: Upload, parts: readonly Part[]) {
  const digest = createDigest(algorithm);
  const composite = type === 'COMPOSITE';
  if (composite) for (const part of parts) digest.update(Buffer.from(part.checksum?.value ?? '', 'base64'));
  return {
    update(chunk: Buffer): void {
      if (!composite) digest.update(chunk);
    },
    async finish(): Promise<Checksum> {
      const value = await digest.finish();
      return { algorithm, type, value: composite ? `${value}-${parts.length}` : value };
    },
  };
}

/**
 * Holds what a completion says of the whole object against what came of it.
 * @throws S3Error `InvalidRequest` for another type, algorithm or size, `BadDigest` for another value
 */
export function checkCompletion(
  { header, headerNames }: S3Request,
  upload: Upload,
  made: Checksum,
  size: number,
): void {
  const { algorithm, type, named } = upload.checksum;
  const wantedType = header('x-amz-checksum-type')?.toUpperCase();
  if (wantedType !== undefined && wantedType !== type) {
    throw invalidRequest(
      `The upload was created using the ${type} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const wantedSize = header('x-amz-mp-object-size');
  if (wantedSize !== undefined && wantedSize !== String(size)) {
    throw invalidRequest("The provided 'x-amz-mp-object-size' header does not match what was computed");
  }
  const prefix = checksumHeader('' as ChecksumAlgorithm);
  const sums = headerNames.filter((name) => name.startsWith(prefix) && !/-(type|algorithm|mode)$/.test(name));
  for (const name of sums) {
    const sent = readAlgorithm(name.slice(prefix.length));
    if (sent !== algorithm) {
      // Without a choice at its start an upload has one algorithm alone; what else is sent says nothing.
      if (named) throw typeMismatch(algorithm, sent);
      continue;
    }
    // The number of parts may be left out.
    const value = header(name);
    if (value !== made.value && value !== made.value.split('-')[0]) throw badChecksum(algorithm);
  }
}

/** Algorithm and type of an upload as lists show them. */
export function uploadChecksumTags({ checksum: { algorithm, type, named } }: Upload): string {
  return named ? tag('ChecksumAlgorithm', algorithm.toUpperCase()) + tag('ChecksumType', type) : '';
}

function typeMismatch(expected: ChecksumAlgorithm, actual: ChecksumAlgorithm | undefined) {
  return invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${expected}, actual checksum Type: ${actual ?? 'null'}`,
  );
}
