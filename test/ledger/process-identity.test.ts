import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isGone, thisProcess } from '../../src/ledger/process-identity.ts';

describe('isGone', () => {
  it('is false for a process that runs and true once it has exited', async () => {
    const own = thisProcess();
    expect(isGone(own)).toBe(false);
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const identity = { pid: other.pid ?? 0, space: own.space };
    expect(isGone(identity)).toBe(false);
    other.kill('SIGKILL');
    await once(other, 'close');
    expect(isGone(identity)).toBe(true);
  });

  it.runIf(process.platform === 'linux')('distinguishes a process from a later one with the same id', () => {
    expect(isGone({ ...thisProcess(), started: '1' })).toBe(true);
  });

  it('is undecided for other hosts, containers and damaged records', () => {
    expect(isGone({ pid: 999_999_999, space: 'elsewhere' })).toBe(false);
    expect(isGone({ ...thisProcess(), pid: -1 })).toBe(false);
    expect(isGone({ ...thisProcess(), pid: Number.NaN })).toBe(false);
  });
});
