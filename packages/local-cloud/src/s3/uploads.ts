import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Checksum, UploadChecksum } from './checksum.ts';
import type { Draft } from './drafts.ts';
import { S3Error } from './error.ts';
import type { ObjectVersion } from './object-file.ts';
import type { S3Response } from './response.ts';

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
  described: Pick<ObjectVersion, 'headers' | 'metadata' | 'tags'>;
  checksum: UploadChecksum;
  parts: Map<number, Part>;
}

/** A completion that was answered, so that a repetition is answered alike. */
export interface Completion {
  bucket: string;
  key: string;
  /** The parts that it named. */
  parts: string;
  answer: S3Response;
}

/** How many completions are remembered. */
const mostCompletions = 1000;

/** Uploads in parts that are in progress. They are forgotten with the process: their parts lie with the drafts. */
export class Uploads {
  readonly #uploads = new Map<string, Upload>();
  readonly #completed = new Map<string, Completion>();
  /** The last task of each upload that has one, ended well or not. */
  readonly #turns = new Map<string, Promise<void>>();

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

  /** Does what needs an upload, after earlier requests for it: so a completion is over, and the upload is gone or there again. */
  async inTurn<Result>(id: string, task: () => Result | Promise<Result>): Promise<Result> {
    const result = (this.#turns.get(id) ?? Promise.resolve()).then(task);
    const over = result.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(id, over);
    try {
      return await result;
    } finally {
      if (this.#turns.get(id) === over) this.#turns.delete(id);
    }
  }

  /** Keeps a part, in place of an earlier one of its number. @throws S3Error `NoSuchUpload` when the upload has ended meanwhile */
  async keep({ id, bucket, key }: Upload, part: Part): Promise<void> {
    const before = await this.inTurn(id, () => {
      const { parts } = this.get(id, bucket, key);
      const replaced = parts.get(part.number);
      parts.set(part.number, part);
      return replaced;
    });
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

  /** Remembers how an upload was completed. */
  complete(id: string, completion: Completion): void {
    this.#completed.set(id, completion);
    for (const oldest of this.#completed.keys()) {
      if (this.#completed.size <= mostCompletions) break;
      this.#completed.delete(oldest);
    }
  }

  /** The answer of a completion that is made again, with the same parts. */
  completed(id: string, bucket: string, key: string, parts: string): S3Response | undefined {
    const found = this.#completed.get(id);
    return found?.bucket === bucket && found.key === key && found.parts === parts ? found.answer : undefined;
  }

  /** Ends all of a bucket, which was deleted. */
  async endAll(bucket: string): Promise<void> {
    for (const [id, one] of this.#completed) if (one.bucket === bucket) this.#completed.delete(id);
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
