import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { type CloudState, emptyState, table } from '../model.ts';

/** Version of the state file's format; a file of another version is refused. */
export const stateVersion = 2;

/** Changes are gathered this long before they are written, in real milliseconds: a launch of 50 instances is one write. */
const gatherMs = 50;

/** The cloud's state and its file. */
export interface StateStore {
  /** Records of the home region. */
  readonly state: CloudState;
  /** Records of the other regions that have been used, by name; a new region is added here. */
  readonly regions: Record<string, CloudState>;
  /** Marks the state as changed: it is written about 50 ms later. */
  changed(): void;
  /** Resolves when everything changed so far is on disk; rejects when it cannot be written. */
  flush(): Promise<void>;
  /** Writes what is left and ends; later changes are not written any more. */
  close(): Promise<void>;
}

/**
 * Opens the state kept in `dir`/state.json, or an empty one. The file is replaced atomically and readable by its owner only.
 * Writes go by real time, not by the cloud's clock: they are not a behavior of the cloud.
 * @param onError told of a write in the background that failed; the next change tries again.
 * @throws PipelineError `cloud.state-corrupt` naming the file when it cannot be read as a state of this version.
 */
export async function openStore(dir: string, onError: (error: unknown) => void = () => {}): Promise<StateStore> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'state.json');
  const { state, regions } = await load(file);
  let timer: NodeJS.Timeout | undefined;
  let dirty = false;
  let closed = false;
  let writing: Promise<void> = Promise.resolve();

  const write = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    // One write after the other, each with the state of the moment it starts; a failed one does not stop the next.
    writing = writing
      .catch(() => {})
      .then(async () => {
        if (!dirty) return;
        dirty = false;
        try {
          await replaceFile(file, JSON.stringify({ version: stateVersion, state, regions }));
        } catch (error) {
          dirty = true;
          throw error;
        }
      });
    return writing;
  };

  return {
    state,
    regions,
    changed() {
      if (closed) return;
      dirty = true;
      timer ??= setTimeout(() => void write().catch(onError), gatherMs);
    },
    flush: write,
    async close() {
      closed = true;
      await write();
    },
  };
}

async function load(file: string): Promise<Pick<StateStore, 'state' | 'regions'>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: emptyState(), regions: {} };
    throw error;
  }
  let document: { version?: unknown; state?: unknown; regions?: unknown };
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw corrupt(file, `it is not JSON (${messageOf(error)})`);
  }
  if (typeof document !== 'object' || document === null) throw corrupt(file, 'it holds no object');
  if (document.version !== stateVersion) {
    throw corrupt(
      file,
      `its version is ${JSON.stringify(document.version)}, and this version of the local cloud reads ${stateVersion}`,
    );
  }
  const state = readTables(file, document.state);
  // Files of a cloud that has used one region only need not name others.
  const others = document.regions ?? {};
  if (!isTable(others)) throw corrupt(file, 'its table "regions" is damaged');
  const regions = Object.entries(others as object).map(([name, tables]) => [name, readTables(file, tables, name)]);
  return { state, regions: Object.fromEntries(regions) };
}

function readTables(file: string, value: unknown, region?: string): CloudState {
  const tables = value as Record<string, unknown> | undefined;
  const empty = emptyState();
  for (const [name, pattern] of Object.entries(empty)) {
    const found = tables?.[name];
    const fits = Array.isArray(pattern) ? Array.isArray(found) : isTable(found);
    const where = region === undefined ? '' : ` of the region ${region}`;
    if (!fits) throw corrupt(file, `its table "${name}"${where} is missing or damaged`);
  }
  const read = Object.entries({ ...empty, ...tables }).map(([name, found]) => [
    name,
    isTable(found) ? table(found as Record<string, unknown>) : found,
  ]);
  return Object.fromEntries(read);
}

function isTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function corrupt(file: string, why: string): PipelineError {
  return new PipelineError('cloud.state-corrupt', `the local cloud's state file ${file} cannot be used: ${why}`, {
    fix: 'restore a good copy of the file, or start over: pipeline local reset, or another folder',
  });
}

/** Written aside and renamed, so that a crash leaves the old file or the new one, never half of one. */
async function replaceFile(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await open(aside, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}
