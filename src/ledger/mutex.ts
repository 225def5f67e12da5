import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { isGone, type ProcessIdentity, thisProcess } from './process-identity.ts';

/** Longest wait for another process to read and write one small file. */
const patienceMs = 10_000;

interface Holder extends ProcessIdentity {
  /** Unique for each acquisition. */
  nonce: string;
}

/**
 * Runs `work` while no other process does so with the same `file`, for the few milliseconds of a read and a write. The
 * file is created by `link`, which is atomic; a file of an exited process is removed by exactly one waiting process.
 * @throws PipelineError `ledger.busy` when it stays locked
 */
export async function exclusively<T>(file: string, clock: Clock, nonce: string, work: () => Promise<T>): Promise<T> {
  const own = `${file}.${nonce}`;
  const holder: Holder = { ...thisProcess(), nonce };
  await writeFile(own, JSON.stringify(holder), { mode: 0o600, flag: 'wx' });
  try {
    await take(file, own, clock);
    try {
      return await work();
    } finally {
      await unlink(file);
    }
  } finally {
    await unlink(own);
  }
}

async function take(file: string, own: string, clock: Clock): Promise<void> {
  const deadline = clock.now() + patienceMs;
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    if (await linked(own, file)) return;
    const other = await readHolder(file);
    if (other && isGone(other)) await removeAbandoned(file, own, other);
    if (clock.now() >= deadline) throw busy(file, other);
    await clock.sleep(pause);
  }
}

/**
 * Two processes may find the same abandoned file; if both removed it, the second would remove the new file of the
 * first. So a process first creates a marker with the abandoned file's nonce in its name and checks again: while it
 * owns the marker, nobody else removes this file.
 */
async function removeAbandoned(file: string, own: string, other: Holder): Promise<void> {
  const mark = `${file}.${other.nonce}.gone`;
  if (!(await linked(own, mark))) return;
  try {
    if ((await readHolder(file))?.nonce !== other.nonce) return;
    await unlink(file);
    await unlink(`${file}.${other.nonce}`).catch(() => undefined);
  } finally {
    await unlink(mark);
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    // Removed in the meantime.
    return undefined;
  }
}

function busy(file: string, other: Holder | undefined): PipelineError {
  return new PipelineError(
    'ledger.busy',
    `${file} has been held for ${patienceMs / 1000} s${other ? ` by process ${other.pid}` : ''}`,
    {
      fix: 'if no other pipeline command runs on any computer that shares this ledger, remove that file',
    },
  );
}
