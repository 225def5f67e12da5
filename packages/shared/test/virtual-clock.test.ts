import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../src/virtual-clock.ts';

const day = 86_400_000;
let clock: VirtualClock;
let seen: string[];
const note = (what: string) => () => void seen.push(`${what} at ${clock.now()}`);
const program = promisify(execFile);

beforeEach(() => {
  clock = new VirtualClock(0);
  seen = [];
});

describe('virtual time', () => {
  it('jumps to the next timer, in the order of their times, and of two at one time to the older', async () => {
    clock.after(30, note('third'));
    clock.after(10, note('first'));
    clock.after(30, note('fourth'));
    clock.after(20, note('second'));
    await clock.sleep(day);
    expect(seen).toEqual(['first at 10', 'second at 20', 'third at 30', 'fourth at 30']);
    expect(clock.now()).toBe(day);
  });

  it('counts timers that are set on the way, and leaves out those that are canceled', async () => {
    const canceled = clock.after(15, note('canceled'));
    clock.after(10, () => {
      canceled.cancel();
      clock.after(10, note('set on the way'));
    });
    await clock.sleep(100);
    expect(seen).toEqual(['set on the way at 20']);
  });

  it('ends a sleep as soon as its signal aborts', async () => {
    const stop = new AbortController();
    clock.after(10, () => stop.abort(new Error('stopped')));
    await expect(clock.sleep(day, stop.signal)).rejects.toThrow('stopped');
    expect(clock.now()).toBe(10);
  });

  it('stands still while a file is read or a program runs', async () => {
    const file = readFile(import.meta.filename).then(note('file'));
    const ended = program(process.execPath, ['-e', 'setTimeout(() => {}, 50)']).then(note('program'));
    await clock.sleep(day);
    note('sleep')();
    await Promise.all([file, ended]);
    expect(seen).toEqual(['file at 0', 'program at 0', `sleep at ${day}`]);
  });

  it('stands still while nobody waits for it', async () => {
    await clock.sleep(10);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(clock.now()).toBe(10);
  });
});

describe('the background of virtual time', () => {
  it('is served on the way and does not move time', async () => {
    clock.background.after(10, note('background'));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
    await clock.sleep(20);
    expect(seen).toEqual(['background at 10']);
    expect(clock.background.now()).toBe(20);
  });

  it('moves time while work in the foreground waits for it', async () => {
    await clock.during(() => clock.background.sleep(day));
    expect(clock.now()).toBe(day);
  });
});
