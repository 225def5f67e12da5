import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Checksum } from './checksum.ts';
import type { Draft } from './drafts.ts';
import { S3Error } from './error.ts';
import type { ObjectVersion } from './object-file.ts';

/** A part that was received. */
export interface Part {
  number: number;
  /** Bytes. */
  size: number;
  /** Hexadecimal MD5. */
  etag: string;
  /** Milliseconds since the epoch. */
  receivedAt: number;
  checksum?: Checksum;
  draft: Draft;
}

/** An object that is being put together. */
export interface Upload {
  id: string;
  bucket: string;
  key: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  described: Pick<ObjectVersion, 'headers' | 'metadata'>;
  parts: Map<number, Part>;
}

/** Uploads in parts that are under way. They are forgotten with the process: their parts lie with the drafts. */
export class Uploads {
  readonly #uploads = new Map<string, Upload>();

  start(upload: Omit<Upload, 'id' | 'parts'>): Upload {
    const started = { ...upload, id: randomBytes(48).toString('base64url'), parts: new Map() };
    this.#uploads.set(started.id, started);
    return started;
  }

  /** @throws S3Error `NoSuchUpload`, also for one of another object */
  get(id: string, bucket: string, key: string): Upload {
    const found = this.#uploads.get(id);
    if (found?.bucket === bucket && found.key === key) return found;
    throw new S3Error(
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      404,
      { UploadId: id },
    );
  }

  /** Keeps a part, in place of an earlier one of its number. */
  async keep(upload: Upload, part: Part): Promise<void> {
    // Ended while the part was on its way.
    if (!this.#uploads.has(upload.id)) return part.draft.discard();
    const before = upload.parts.get(part.number);
    upload.parts.set(part.number, part);
    await before?.draft.discard();
  }

  /** Takes an upload away from everybody else; `restore` brings it back. */
  take(upload: Upload): { restore(): void } {
    this.#uploads.delete(upload.id);
    return { restore: () => void this.#uploads.set(upload.id, upload) };
  }

  /** Ends an upload and removes its parts. */
  async end(upload: Upload): Promise<void> {
    this.#uploads.delete(upload.id);
    for (const { draft } of upload.parts.values()) await draft.discard();
  }

  /** Ends all of a bucket, which was deleted. */
  async endAll(bucket: string): Promise<void> {
    for (const upload of this.of(bucket)) await this.end(upload);
  }

  /** Those of a bucket by key, then by when they began. */
  of(bucket: string): Upload[] {
    const ours = [...this.#uploads.values()].filter((one) => one.bucket === bucket);
    return ours.sort((a, b) => (a.key === b.key ? a.startedAt - b.startedAt : a.key < b.key ? -1 : 1));
  }
}

/** The bytes of a part. */
export function readPart({ draft }: Part): AsyncIterable<Buffer> {
  return createReadStream(draft.path);
}
