import { randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A file on its way: written where nobody looks, then given its name by the bucket. */
export interface Draft {
  readonly path: string;
  write(chunk: Uint8Array): Promise<void>;
  /** Writes the last piece; the file is on disk when this resolves. */
  finish(last: Uint8Array): Promise<void>;
  /** Removes what was not given a name; does nothing otherwise. */
  discard(): Promise<void>;
}

/** The folder of what is on its way, on the same file system as the buckets. */
export interface Drafts {
  readonly folder: string;
  create(): Promise<Draft>;
}

/** Opens the folder; what a former process left half-written in it goes. */
export async function openDrafts(folder: string): Promise<Drafts> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    folder,
    async create() {
      const path = join(folder, randomUUID());
      const handle = await open(path, 'wx', 0o600);
      let closed = false;
      const close = async () => {
        if (closed) return;
        closed = true;
        await handle.close();
      };
      return {
        path,
        async write(chunk) {
          // Not write(): that may take less than it was given.
          await handle.writeFile(chunk);
        },
        async finish(last) {
          await handle.writeFile(last);
          await handle.datasync();
          await close();
        },
        async discard() {
          await close();
          await rm(path, { force: true });
        },
      };
    },
  };
}
