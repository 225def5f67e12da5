import type { Clock } from '@golden-pipeline/shared/clock';
import { VirtualClock } from '@golden-pipeline/shared/virtual-clock';
import { describe, expect, it } from 'vitest';
import { createLedger } from '../../src/ledger/ledger.ts';
import type { Store } from '../../src/ledger/store.ts';
import { waitForLock } from '../../src/runner/segments.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const minute = 60_000;
const request = { command: 'pipeline release api', run: 'r' };
const clocks = [
  ['5 minutes ahead', 5 * minute],
  ['5 minutes behind', -5 * minute],
] as const;

/** The same time on a computer whose clock is set wrong. */
const skewed = ({ now, after, sleep }: Clock, ms: number): Clock => ({ now: () => now() + ms, after, sleep });

/** The clock of a process that was killed: none of its timers fires any more. */
const stopped = ({ now, sleep }: Clock): Clock => ({ now, sleep, after: () => ({ cancel: () => undefined }) });

const ledgerOf = (store: Store, clock: Clock, owner: string) =>
  createLedger(store, { environment: 'local', clock, identity: { owner, host: owner } });

describe.each(clocks)('a computer whose clock is %s', (_, ms) => {
  it('does not take a lock that is renewed, and sees its holder', async () => {
    const clock = new VirtualClock();
    const store = createMemoryStore();
    const lock = await ledgerOf(store, clock, 'anna').lock('api', request);
    const other = ledgerOf(store, skewed(clock, ms), 'ben');
    for (let times = 0; times < 5; times++) {
      await expect(other.lock('api', request)).rejects.toMatchObject({ code: 'lock.held' });
      expect(await other.findHolder('api')).toMatchObject({ owner: 'anna', fence: 1 });
    }
    expect(lock.lost.aborted).toBe(false);
    await lock.confirm();
    await lock.release();
  });

  it('takes a lock that is not renewed any more, after a lease in which it watched it', async () => {
    const clock = new VirtualClock();
    const store = createMemoryStore();
    await ledgerOf(store, stopped(clock), 'anna').lock('api', request);
    const other = ledgerOf(store, skewed(clock, ms), 'ben');
    const began = clock.now();
    const watched: number[] = [];
    const taken = await waitForLock({ clock, reporter: { report: () => undefined, openEvents: unused } }, () =>
      other.lock('api', { ...request, onWatch: (_holder, left) => watched.push(left) }),
    );
    expect(taken).toMatchObject({ takenOver: { why: 'expired', from: { owner: 'anna' } }, record: { fence: 2 } });
    expect(clock.now() - began).toBeGreaterThanOrEqual(minute);
    expect(clock.now() - began).toBeLessThan(1.2 * minute);
    expect(watched).toEqual(ms > 0 ? [minute] : []);
    await taken.release();
  });
});

it('a lock whose holder was found to be gone is taken without a second wait', async () => {
  const clock = new VirtualClock();
  const store = createMemoryStore();
  await ledgerOf(store, stopped(clock), 'anna').lock('api', request);
  await clock.sleep(2 * minute);
  const other = ledgerOf(store, clock, 'ben');
  expect(await other.findHolder('api')).toBeUndefined();
  const found = clock.now();
  const lock = await other.lock('api', request);
  expect(clock.now()).toBe(found);
  await lock.release();
});

const unused = () => Promise.reject(new Error('no run is shown here'));
