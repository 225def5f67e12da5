import { createHash } from 'node:crypto';
import {
  announcedChecksum,
  badChecksum,
  type Checksum,
  type ChecksumAlgorithm,
  checksumHeader,
  checkValue,
  createDigest,
} from './checksum.ts';
import { incompleteBody, unchunk } from './chunked.ts';
import { notImplemented, S3Error } from './error.ts';

/** Largest object, in bytes. AWS takes 5 GiB; this is for ledgers. */
export const maximumObject = 64 * 1024 * 1024;

/** Largest document of a request; a thousand long keys to delete take more than one MiB. */
const maximumDocument = 2 * 1024 * 1024;

/** What is known of a body once it was read to its end and found to be what its headers say. */
export interface Received {
  /** Bytes, without framing. */
  size: number;
  /** Hexadecimal. */
  md5: string;
  checksum?: Checksum;
}

/** A request's body and what its headers promise of it. */
export interface Payload {
  /** Hands the body over piece by piece. Its checksum is the one sent along, else of the `usual` algorithm, if any. @throws S3Error when it is too large or not what was promised */
  receive(sink: (chunk: Buffer) => Promise<unknown>, usual?: ChecksumAlgorithm): Promise<Received>;
  /** The body as text. @throws S3Error as above, or when it is not UTF-8 */
  text(): Promise<string>;
  /** Whether a digest of it was sent along, which some operations ask for. */
  readonly hasDigest: boolean;
}

/**
 * @param header Value of a header, by its name in lower case.
 * @throws S3Error for headers that contradict themselves or ask for what is not served
 */
export function createPayload(source: AsyncIterable<Buffer>, header: (name: string) => string | undefined): Payload {
  const declared = header('x-amz-content-sha256');
  const streaming = declared?.startsWith('STREAMING-') ?? false;
  if (streaming && declared !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
    throw notImplemented(`bodies signed chunk by chunk (${declared?.slice(0, 100)})`);
  }
  const announced = announcedChecksum(header);
  const contentMd5 = checkMd5(header('content-md5'));

  const receive = async (
    sink: (chunk: Buffer) => Promise<unknown>,
    limit: number,
    usual?: ChecksumAlgorithm,
  ): Promise<Received> => {
    const length = expectedLength(header, streaming);
    if (length > limit) throw tooLarge(length, limit);
    const trailers = new Map<string, string>();
    const md5 = createHash('md5');
    const sha256 = declared && /^[0-9a-f]{64}$/.test(declared) ? createHash('sha256') : undefined;
    const algorithm = announced?.algorithm ?? usual;
    const digest = algorithm && createDigest(algorithm);
    let size = 0;
    for await (const chunk of streaming ? unchunk(source, trailers) : source) {
      size += chunk.length;
      if (size > length || size > limit) throw size > limit ? tooLarge(size, limit) : incompleteBody();
      md5.update(chunk);
      sha256?.update(chunk);
      digest?.update(chunk);
      await sink(chunk);
    }
    if (size !== length) throw incompleteBody();
    if (sha256 && sha256.digest('hex') !== declared) throw sha256Mismatch();
    const sum = md5.digest();
    if (contentMd5 && !contentMd5.equals(sum)) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', 400);
    }
    if (!algorithm || !digest) return { size, md5: sum.toString('hex') };
    const checksum = { algorithm, value: await digest.finish() };
    if (announced) {
      const sent = announced.value ?? checkValue(algorithm, trailers.get(checksumHeader(algorithm)) ?? '');
      if (sent !== checksum.value) throw badChecksum(algorithm);
    }
    return { size, md5: sum.toString('hex'), checksum };
  };

  return {
    hasDigest: announced !== undefined || contentMd5 !== undefined,
    receive: (sink, usual) => receive(sink, maximumObject, usual),
    async text() {
      const chunks: Buffer[] = [];
      await receive(async (chunk) => chunks.push(chunk), maximumDocument);
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
      } catch {
        throw new S3Error('MalformedXML', 'The XML you provided was not well-formed: it is not UTF-8.', 400);
      }
    },
  };
}

/** Bytes of the body without framing, which S3 wants to know beforehand. */
function expectedLength(header: (name: string) => string | undefined, streaming: boolean): number {
  const name = streaming ? 'x-amz-decoded-content-length' : 'content-length';
  const text = header(name);
  if (text === undefined) {
    if (header('transfer-encoding') === undefined && !streaming) return 0;
    throw new S3Error('MissingContentLength', `You must provide the ${name} HTTP header.`, 411);
  }
  if (!/^\d{1,15}$/.test(text))
    throw new S3Error('InvalidRequest', `The ${name} header is not a number of bytes.`, 400);
  return Number(text);
}

function checkMd5(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 16 && bytes.toString('base64') === text) return bytes;
  throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.', 400, { 'Content-MD5': text });
}

function tooLarge(size: number, limit: number): S3Error {
  const details = { ProposedSize: String(size), MaxSizeAllowed: String(limit) };
  return new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', 400, details);
}

function sha256Mismatch(): S3Error {
  const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
  return new S3Error('XAmzContentSHA256Mismatch', message, 400);
}
