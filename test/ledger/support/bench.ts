import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@golden-pipeline/shared/clock';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { onTestFinished } from 'vitest';
import { createFileLedger } from '../../../src/ledger/ledger.ts';
import type { Ledger } from '../../../src/ledger/types.ts';

/** A folder that is removed when the test ends. */
export async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'golden-ledger-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A ledger in this folder, as another command of the same or another person would open it. */
export function open(dir: string, clock: Clock = new ManualClock(), owner = 'anna', environment = 'local'): Ledger {
  return createFileLedger({ dir, environment, clock, identity: { owner, host: 'laptop' } });
}

/** A second process; see child.mjs. It is ended with the test. */
export function child(...args: string[]) {
  const script = fileURLToPath(new URL('./child.mjs', import.meta.url));
  const process_: ChildProcess = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(process_, 'close');
  const lines: unknown[] = [];
  let first: (value: unknown) => void = () => undefined;
  const firstLine = new Promise<unknown>((resolve) => {
    first = resolve;
  });
  createInterface({ input: process_.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    lines.push(JSON.parse(line));
    first(lines[0]);
  });
  const end = async (): Promise<void> => {
    process_.kill('SIGKILL');
    await ended;
  };
  onTestFinished(end);
  return {
    firstLine,
    end,
    /** All it said, once it has ended by itself. */
    async all(): Promise<unknown[]> {
      const [code] = await ended;
      if (code !== 0) throw new Error(`the child ended with ${code}`);
      return lines;
    },
  };
}

/** What a release is reserved with. */
export const draft = {
  app: 'api',
  environment: 'local',
  commit: 'a1b2c3d',
  ref: 'main',
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'anna',
  run: '20260101T000000-ab12',
};
