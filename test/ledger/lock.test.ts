import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timer } from '@golden-pipeline/shared/clock';
import { systemClock } from '@golden-pipeline/shared/clock';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it, vi } from 'vitest';
import { heartbeatMs } from '../../src/ledger/lock.ts';
import type { HeldLock } from '../../src/ledger/types.ts';
import { child, draft, folder, open } from './support/bench.ts';

const holder = { command: 'pipeline release api' };

/** Counts the heartbeats that were set, which tells when a heartbeat, which writes real files, is through. */
class BeatingClock extends ManualClock {
  timers = 0;

  override after(ms: number, fn: () => void): Timer {
    if (ms === heartbeatMs) this.timers++;
    return super.after(ms, fn);
  }
}

/** Lets so many heartbeats of a lock, the only one with this clock, pass, as long as it is not lost. */
async function beats(clock: BeatingClock, lock: HeldLock, count: number): Promise<void> {
  for (let i = 0; i < count && !lock.lost.aborted; i++) {
    const before = clock.timers;
    await clock.advance(heartbeatMs);
    await vi.waitFor(() => expect(clock.timers > before || lock.lost.aborted).toBe(true), { interval: 2 });
  }
}

/** Lets time pass, second by second, until something that waits for it is done. */
async function passing<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let done = false;
  const end = () => {
    done = true;
  };
  work.then(end, end);
  await vi.waitFor(
    async () => {
      await clock.advance(1000);
      expect(done).toBe(true);
    },
    { interval: 2, timeout: 20_000 },
  );
  return work;
}

describe('the lock', () => {
  it('records its owner, its start time and its purpose', async () => {
    const dir = await folder();
    const clock = new BeatingClock();
    const lock = await open(dir, clock).lock('api', { ...holder, reason: 'hotfix' });
    expect(lock.takenOver).toBeUndefined();
    await beats(clock, lock, 9);
    const other = open(dir, clock, 'ben');
    const error = await other.lock('api', { command: 'pipeline scale api 3' }).catch((caught) => caught);
    const since = new Date('2026-01-01T00:00:00Z');
    const time = [since.getHours(), since.getMinutes(), since.getSeconds()]
      .map((part) => String(part).padStart(2, '0'))
      .join(':');
    expect(error).toMatchObject({
      code: 'lock.held',
      outcome: 'locked',
      fix: expect.stringContaining('pipeline status api'),
    });
    expect(error.message).toBe(
      `api in local is locked by anna@laptop since ${time} (2 min ago) for "pipeline release api" (hotfix)`,
    );
    expect(await other.lockOf('api')).toMatchObject({ owner: 'anna', command: 'pipeline release api', fence: 1 });
    expect(await other.lockOf('api')).not.toHaveProperty('process');
    await lock.release();
    await lock.release();
    expect(await other.lockOf('api')).toBeUndefined();
    expect((await other.lock('api', holder)).record.fence).toBe(2);
  });

  it('exists once per app and environment', async () => {
    const dir = await folder();
    await open(dir).lock('api', holder);
    await open(dir).lock('frontend', holder);
    await open(dir, undefined, 'anna', 'production').lock('api', holder);
  });

  it('is given to one of many concurrent callers', async () => {
    const dir = await folder();
    const clock = new BeatingClock();
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => open(dir, clock).lock('api', holder)));
    expect(asked.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    for (const one of asked) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'lock.held' });
  });

  it('is renewed by its heartbeats, and can be taken a minute after the last one', async () => {
    const dir = await folder();
    const [clock, frozen] = [new BeatingClock(), new BeatingClock()];
    const alive = await open(dir, clock).lock('api', holder);
    await beats(clock, alive, 20);
    expect(alive.lost.aborted).toBe(false);
    await expect(open(dir, clock, 'ben').lock('api', holder)).rejects.toMatchObject({ code: 'lock.held' });

    // A holder whose clock does not move sends no heartbeats, as a laptop asleep.
    const asleep = open(dir, frozen);
    const lost = await asleep.lock('frontend', { ...holder, run: draft.run });
    await asleep.appendJournal(draft.run, 1, {});
    const taken = await passing(clock, open(dir, clock, 'ben').lock('frontend', holder));
    expect(taken.takenOver).toMatchObject({ why: 'expired', from: { owner: 'anna', fence: 1 } });
    expect(taken.record.fence).toBe(2);

    // What the old holder still writes is refused, and it is told as soon as it wakes.
    await expect(asleep.appendJournal(draft.run, 2, {})).rejects.toMatchObject({ code: 'lock.lost' });
    await expect(asleep.reserveRelease({ ...draft, app: 'frontend' })).rejects.toMatchObject({ code: 'lock.lost' });
    await beats(frozen, lost, 1);
    expect(lost.lost.aborted).toBe(true);
    expect(lost.lost.reason).toMatchObject({
      code: 'lock.lost',
      message: expect.stringContaining('ben@laptop took it'),
    });
    await lost.release();
    expect(await open(dir, clock).lockOf('frontend')).toMatchObject({ owner: 'ben' });
  });

  it('permits no change once its lease has ended without a heartbeat, and is renewed when nobody has taken it', async () => {
    const dir = await folder();
    const clock = new BeatingClock();
    const lock = await open(dir, clock).lock('api', holder);
    const file = join(dir, 'local/locks/api.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, 'damaged');
    await beats(clock, lock, 2);
    await lock.confirm();
    await beats(clock, lock, 1);
    await expect(lock.confirm()).rejects.toMatchObject({ code: 'ledger.corrupt' });
    await beats(clock, lock, 10);
    expect(lock.lost.aborted).toBe(false);
    await writeFile(file, text);
    await lock.confirm();
    expect(lock.record).toMatchObject({ fence: 1, heartbeat: new Date(clock.now()).toISOString() });
    await lock.release();
  });

  it('reports to its owner, on any host, that its run should end, and not to a later owner', async () => {
    const dir = await folder();
    const clock = new ManualClock();
    const other = open(dir, clock, 'ben');
    const lock = await open(dir, clock).lock('api', holder);
    const seen = await other.lockOf('api');
    if (!seen) throw new Error('the lock is not held');
    await clock.advance(2000);
    expect(lock.abortRequested.aborted).toBe(false);
    await other.requestAbort(seen, { by: 'ben@desk', reason: 'fast-rollback' });
    await vi.waitFor(async () => {
      await clock.advance(1000);
      expect(lock.abortRequested.aborted).toBe(true);
    });
    expect(lock.abortRequested.reason).toMatchObject({
      code: 'run.aborted',
      outcome: 'interrupted',
      message: 'aborted by ben@desk for fast-rollback',
    });
    await lock.release();
    const next = await other.lock('api', holder);
    await clock.advance(5000);
    expect(next.abortRequested.aborted).toBe(false);
    await next.release();
  });

  it('is refused to another process, and free at once when its owner was killed', async () => {
    const dir = await folder();
    const first = child('lock', dir);
    expect(await first.firstLine).toBe(1);
    expect(await child('try-lock', dir).all()).toEqual(['lock.held']);
    await first.end();
    const ledger = open(dir, systemClock());
    expect(await ledger.lockOf('api')).toBeUndefined();
    const lock = await ledger.lock('api', holder);
    expect(lock.takenOver).toMatchObject({ why: 'process gone', from: { owner: 'ben', host: 'desk' } });
    expect(lock.record.fence).toBe(2);
    await lock.release();
    expect(JSON.parse(await readFile(join(dir, 'local/locks/api.json'), 'utf8'))).toMatchObject({
      released: true,
      fence: 2,
    });
  });
});
