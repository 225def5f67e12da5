import { type FileHandle, open } from 'node:fs/promises';
import type { Checksum } from './checksum.ts';
import type { Tags } from './tags.ts';

/** A version of an object, or a delete marker, as its file says it. */
export interface ObjectVersion {
  key: string;
  /** `null` for what was written while versioning was not enabled. */
  versionId: string;
  /** Grows with each write to the bucket: the highest of a key is its current version. */
  sequence: number;
  /** Milliseconds since the epoch, in whole seconds as HTTP has them. */
  lastModified: number;
  deleteMarker?: true;
  /** Bytes. */
  size: number;
  /** Hexadecimal MD5, without the quotes. */
  etag: string;
  /** `Content-Type` and the like, names in lower case. */
  headers: Record<string, string>;
  /** The caller's own metadata, names without `x-amz-meta-`. */
  metadata: Record<string, string>;
  checksum?: Checksum;
  tags?: Tags;
}

/*
 * One file holds the object and all that is known of it, so that a single rename makes both appear: the body, then the
 * facts as JSON, then the length of that JSON in four bytes, big-endian, and four bytes that end every complete file.
 */
const ending = Buffer.from('S3O1');
const footerSize = 8;

/** What has to follow the body in its file. */
export function footer(version: ObjectVersion): Buffer {
  const facts = Buffer.from(JSON.stringify(version));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(facts.length);
  return Buffer.concat([facts, length, ending]);
}

/** The facts in a file; undefined for a file that is not complete or no object's. */
export async function readFacts(path: string): Promise<ObjectVersion | undefined> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const end = await readAt(handle, Math.max(0, size - footerSize), Math.min(size, footerSize));
    if (end.length < footerSize || !end.subarray(4).equals(ending)) return undefined;
    const length = end.readUInt32BE(0);
    if (length > size - footerSize) return undefined;
    const text = (await readAt(handle, size - footerSize - length, length)).toString('utf8');
    const facts = JSON.parse(text) as ObjectVersion;
    return facts.size === size - footerSize - length ? facts : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await handle.read(buffer, got, length - got, position + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return buffer.subarray(0, got);
}
