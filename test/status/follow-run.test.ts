import { expect, it } from 'vitest';
import { createLedger } from '../../src/ledger/ledger.ts';
import type { Store } from '../../src/ledger/store.ts';
import type { RunRecord } from '../../src/ledger/types.ts';
import { followRun } from '../../src/status/follow-run.ts';
import { instantClock } from '../support/instant-clock.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const id = '20260101T000000-abcd';
const record: RunRecord = {
  ...{ id, operation: 'release', app: 'api', environment: 'local', by: 'ann', host: 'h', command: 'c', steps: [] },
  startedAt: '2026-01-01T00:00:00.000Z',
};

/** A run in one ledger, and a watcher with its own on the same store, whose reads are counted. */
function world({ breaks = () => false }: { breaks?: () => boolean } = {}) {
  const clock = instantClock();
  const shared = createMemoryStore();
  const count = { reads: 0 };
  const counted = <T>(read: () => Promise<T>): Promise<T> => {
    count.reads++;
    return breaks() ? Promise.reject(new Error('connection reset')) : read();
  };
  const store: Store = {
    ...shared,
    get: (key) => counted(() => shared.get(key)),
    list: (prefix) => counted(() => shared.list(prefix)),
  };
  const open = (on: Store, owner: string) =>
    createLedger(on, { environment: 'local', clock, identity: { owner, host: 'h' } });
  const own = open(shared, 'ann');
  let sequence = 0;
  const codes: string[] = [];
  const stop = new AbortController();
  return {
    ...{ clock, own, count, codes, stop },
    write: (entry: Record<string, unknown>) =>
      own.appendJournal(id, ++sequence, { ...entry, sequence, at: clock.now() }),
    follow: () =>
      followRun(
        open(store, 'bob'),
        { app: 'api', id },
        { clock, signal: stop.signal, emit: ({ code }) => codes.push(code) },
      ),
  };
}

it('a run is followed from its first step to its end, with a bounded number of requests', async () => {
  const { clock, own, count, codes, write, follow } = world();
  await own.saveRun(record);
  const lock = await own.lock('api', { command: 'c', run: id });
  await write({ type: 'step.started', step: 'bake' });
  const ending = (async () => {
    await clock.sleep(600_000);
    await write({ type: 'step.finished', step: 'bake' });
    await write({ type: 'run.finished', outcome: 'done', leftovers: [] });
    await own.saveRun({ ...record, outcome: 'done' });
    await lock.release();
  })();
  expect(await follow()).toBe('finished');
  await ending;
  expect(codes).toEqual(['step.started', 'step.finished', 'run.finished']);
  // Ten minutes: the next entry every 2 s, the lock and the record every 10 s.
  expect(count.reads).toBeLessThan(300 + 60 * 3 + 10);
});

it('a run whose process has crashed ends the watching', async () => {
  const { own, codes, write, follow } = world();
  await own.saveRun(record);
  await write({ type: 'step.started', step: 'bake' });
  expect(await follow()).toBe('crashed');
  expect(codes).toEqual(['step.started']);
});

it('the last entries are shown, too, when the record tells of the end first', async () => {
  const { own, codes, clock, write, follow } = world();
  await own.saveRun({ ...record, outcome: 'done' });
  await write({ type: 'step.started', step: 'bake' });
  const late = clock.sleep(9_999).then(() => write({ type: 'run.finished', outcome: 'done', leftovers: [] }));
  expect(await follow()).toBe('finished');
  await late;
  expect(codes).toEqual(['step.started', 'run.finished']);
});

it('an abort ends the watching, and not the run', async () => {
  const { own, clock, stop, write, follow } = world();
  await own.saveRun(record);
  const lock = await own.lock('api', { command: 'c', run: id });
  await write({ type: 'step.started', step: 'bake' });
  void clock.sleep(5_000).then(() => stop.abort());
  expect(await follow()).toBe('stopped');
  expect((await own.lockOf('api'))?.run).toBe(id);
  await lock.release();
});

it('a lost connection is waited for, for half a minute', async () => {
  let reads = 0;
  const short = world({ breaks: () => reads++ < 10 });
  await short.own.saveRun({ ...record, outcome: 'done' });
  await short.write({ type: 'run.finished', outcome: 'done', leftovers: [] });
  expect(await short.follow()).toBe('finished');
  await expect(world({ breaks: () => true }).follow()).rejects.toThrow('connection reset');
});
