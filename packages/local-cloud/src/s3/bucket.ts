import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Draft } from './drafts.ts';
import { noSuchBucket, noSuchKey } from './error.ts';
import { KeyIndex } from './key-index.ts';
import { footer, type ObjectVersion, readFacts } from './object-file.ts';
import type { Tags } from './tags.ts';

/** What is kept of a bucket besides its objects. */
export interface BucketFacts {
  name: string;
  region: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** Missing as long as versioning was never asked for. */
  versioning?: 'Enabled' | 'Suspended';
  tags?: Tags;
}

/** What a caller decides of a new version. */
export type NewVersion = Pick<ObjectVersion, 'key' | 'etag' | 'size' | 'headers' | 'metadata' | 'checksum' | 'tags'>;

/**
 * A bucket with its objects: one file for each version under `<folder>/objects`, named by the hash of the key, so that no key
 * is ever part of a path. Changes of a key are made one after the other; a change is made when its file has its name.
 */
export class Bucket {
  readonly index = new KeyIndex();
  facts: BucketFacts;
  /** Set when the bucket was deleted while a request still held it. */
  gone = false;
  /** Changes on their way. */
  busy = 0;
  readonly #folder: string;
  readonly #report: (error: unknown) => void;
  readonly #turns = new Map<string, Promise<unknown>>();
  #loaded: Promise<void> | undefined;

  constructor(folder: string, facts: BucketFacts, report: (error: unknown) => void) {
    this.#folder = folder;
    this.facts = facts;
    this.#report = report;
  }

  /** Reads what is on disk, once; later calls wait for the first. */
  load(): Promise<void> {
    this.#loaded ??= this.#load().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  /**
   * Makes a received body the newest version of its key.
   * @param check Evaluates the current version (undefined when there is none) at the moment of the change; throws to refuse.
   */
  async put(draft: Draft, wanted: NewVersion, now: number, check: (current: ObjectVersion | undefined) => void) {
    return this.#alone(wanted.key, async () => {
      check(this.index.current(wanted.key));
      return this.#place(draft, this.#version(wanted, now));
    });
  }

  /**
   * Deletes as S3 does: without versioning the object, otherwise by a delete marker.
   * @returns the delete marker that was made, if any
   */
  async delete(
    draft: () => Promise<Draft>,
    key: string,
    now: number,
    check: (current: ObjectVersion | undefined) => void,
  ): Promise<ObjectVersion | undefined> {
    return this.#alone(key, async () => {
      const current = this.index.current(key);
      check(current);
      if (this.facts.versioning) {
        const marker = { key, etag: '', size: 0, headers: {}, metadata: {} };
        return this.#place(await draft(), { ...this.#version(marker, now), deleteMarker: true });
      }
      if (current) await this.#drop(current);
      return undefined;
    });
  }

  /** Removes one version for good; undefined when there is no such version. */
  async deleteVersion(key: string, versionId: string, check: (found: ObjectVersion) => void) {
    return this.#alone(key, async () => {
      const found = this.index.find(key, versionId);
      if (found) {
        check(found);
        await this.#drop(found);
      }
      return found;
    });
  }

  /** Gives a version other tags: its file is written anew, under its name. @throws S3Error `NoSuchKey` for one that is gone */
  async retag(draft: () => Promise<Draft>, { key, versionId }: ObjectVersion, tags: Tags): Promise<ObjectVersion> {
    return this.#alone(key, async () => {
      const version = this.index.find(key, versionId);
      const handle = version && (await this.open(version));
      if (!version || !handle) throw noSuchKey(key);
      const changed = { ...version, tags };
      const aside = await draft();
      try {
        const end = version.size - 1;
        const body = end < 0 ? [] : handle.createReadStream({ start: 0, end, autoClose: false });
        for await (const chunk of body) await aside.write(chunk);
        await aside.finish(footer(changed));
        await rename(aside.path, this.#file(version));
        version.tags = tags;
        return version;
      } finally {
        await handle.close();
        await aside.discard();
      }
    });
  }

  /** Opens the file of a version; undefined when it was deleted in the meantime. The body is its first `size` bytes. */
  async open(version: ObjectVersion): Promise<FileHandle | undefined> {
    try {
      return await open(this.#file(version), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** One change of a key after the other. */
  async #alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.gone) throw noSuchBucket(this.facts.name);
    this.busy++;
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(key, settled);
    try {
      return await turn;
    } finally {
      this.busy--;
      if (this.#turns.get(key) === settled) this.#turns.delete(key);
    }
  }

  #version(wanted: NewVersion, now: number): ObjectVersion {
    const versionId = this.facts.versioning === 'Enabled' ? randomBytes(24).toString('base64url') : 'null';
    // Whole seconds: that is what callers send back in If-Modified-Since.
    const lastModified = Math.floor(now / 1000) * 1000;
    return { ...wanted, versionId, sequence: this.index.nextSequence(), lastModified };
  }

  async #place(draft: Draft, version: ObjectVersion): Promise<ObjectVersion> {
    const path = this.#file(version);
    await draft.finish(footer(version));
    try {
      await rename(draft.path, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
      await rename(draft.path, path);
    }
    const replaced = this.index.add(version);
    // A file that stays behind loses against the newer one at the next start.
    if (replaced) await unlink(this.#file(replaced)).catch(this.#report);
    return version;
  }

  async #drop(version: ObjectVersion): Promise<void> {
    await unlink(this.#file(version));
    this.index.remove(version);
  }

  #file({ key, versionId, sequence }: ObjectVersion): string {
    const hash = createHash('sha256').update(key).digest('hex');
    return join(this.#folder, 'objects', hash.slice(0, 2), `${hash.slice(2)}.${sequence}.${versionId}`);
  }

  async #load(): Promise<void> {
    const found: ObjectVersion[] = [];
    const objects = join(this.#folder, 'objects');
    await mkdir(objects, { recursive: true, mode: 0o700 });
    for (const part of await readdir(objects)) {
      const paths = (await readdir(join(objects, part))).map((name) => join(objects, part, name));
      const read = await Promise.all(paths.map(async (path) => [path, await readFacts(path)] as const));
      for (const [path, facts] of read) {
        if (facts && this.#file(facts) === path) found.push(facts);
        else this.#report(new Error(`${path} is not an object of bucket ${this.facts.name}: it is left out`));
      }
    }
    for (const stale of this.index.fill(found)) await unlink(this.#file(stale));
  }
}
