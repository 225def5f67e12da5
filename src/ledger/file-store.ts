import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { readSystemError } from '../shared/system-errors.ts';
import { exclusively } from './mutex.ts';
import { checkKey, type Store, type Stored, type Written } from './store.ts';

/**
 * The store in a folder: one file per key, 0600 in folders of 0700, safe for several processes at once. New files
 * appear by `link`, changed ones by `rename`, so nobody ever reads half a file; compare-and-change is done under a
 * mutex.
 */
export function createFileStore(dir: string, clock: Clock): Store {
  const queues = new Map<string, Promise<unknown>>();
  const file = (key: string) => join(dir, `${checkKey(key)}.json`);

  /** Serialized within this process, so that only other processes cause waits. */
  const alone = <T>(path: string, work: () => Promise<T>): Promise<T> => {
    const mutex = join(dirname(path), `.${path.slice(dirname(path).length + 1)}.mutex`);
    const turn = (queues.get(path) ?? Promise.resolve()).then(() => exclusively(mutex, clock, randomUUID(), work));
    const finished = turn
      .catch(() => undefined)
      .then(() => {
        if (queues.get(path) === finished) queues.delete(path);
      });
    queues.set(path, finished);
    return turn;
  };

  const get = async (key: string): Promise<Stored | undefined> => {
    const text = await unlessAbsent(readFile(file(key), 'utf8'));
    return text === undefined ? undefined : { text, etag: etagOf(text) };
  };

  const replace = async (key: string, text: string, ifMatch: string | undefined): Promise<Written> =>
    alone(file(key), async () => {
      if (ifMatch !== undefined && (await get(key))?.etag !== ifMatch) return { written: false };
      await withDraft(file(key), text, (draft) => rename(draft, file(key)));
      return { written: true, etag: etagOf(text) };
    });

  return {
    get: (key) => explained(dir, get(key)),
    put: (key, text, condition) =>
      explained(
        dir,
        (async () => {
          await mkdir(dirname(file(key)), { recursive: true, mode: 0o700 });
          if (condition === 'if-absent') return createNew(file(key), text);
          return replace(key, text, condition === 'always' ? undefined : condition.ifMatch);
        })(),
      ),
    list: (prefix) => explained(dir, keysUnder(dir, prefix)),
    delete: (key) =>
      explained(
        dir,
        (async () => {
          // Without its folder the key does not exist, and the mutex has no place.
          if ((await get(key)) === undefined) return;
          await alone(file(key), async () => {
            await unlessAbsent(unlink(file(key)));
          });
        })(),
      ),
  };
}

async function createNew(path: string, text: string): Promise<Written> {
  try {
    await withDraft(path, text, async (draft) => {
      await link(draft, path);
      await unlink(draft);
    });
    return { written: true, etag: etagOf(text) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return { written: false };
    throw error;
  }
}

/** Writes a temporary file to disk before `place` gives it its name; it is removed when `place` fails. */
async function withDraft(path: string, text: string, place: (draft: string) => Promise<void>): Promise<void> {
  const draft = join(dirname(path), `.${randomUUID()}.draft`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(draft);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

async function keysUnder(dir: string, prefix: string): Promise<string[]> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  if (folder) checkKey(folder.slice(0, -1));
  const entries = (await unlessAbsent(readdir(join(dir, folder), { withFileTypes: true, recursive: true }))) ?? [];
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json') && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(dir, '/').length, -'.json'.length))
    .filter((key) => key.startsWith(prefix))
    .sort();
}

function etagOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Turns an error of the file system into one with a fix. */
async function explained<T>(dir: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const why = readSystemError(error)?.reason;
    if (why === undefined) throw error;
    throw new PipelineError('ledger.unusable', `the ledger in ${dir} cannot be used: ${why}`, {
      fix: 'correct that, or set another folder in ledger.path',
      cause: error,
    });
  }
}
