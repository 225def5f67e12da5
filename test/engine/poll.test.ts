import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it } from 'vitest';
import { createPoll } from '../../src/engine/poll.ts';

describe('createPoll', () => {
  it('reads until the value fits, with a tenth of jitter, and reports each reading except the last', async () => {
    const clock = new ManualClock();
    const reads: number[] = [];
    const seen: number[] = [];
    const poll = createPoll(clock, undefined, () => 0);
    const start = clock.now();
    const result = poll({
      what: 'three',
      read: async () => {
        reads.push(clock.now() - start);
        return reads.length;
      },
      until: (value) => value === 3,
      everyMs: 1000,
      timeoutMs: 60_000,
      progress: (value) => seen.push(value),
    });
    await clock.advance(1800);
    expect(await result).toBe(3);
    expect(reads).toEqual([0, 900, 1800]);
    expect(seen).toEqual([1, 2]);
  });

  it('gives up at the deadline with what it waited for, after a last reading', async () => {
    const clock = new ManualClock();
    let reads = 0;
    const poll = createPoll(clock, undefined, () => 0.5);
    const result = poll({
      what: 'image ami-1',
      read: async () => ++reads,
      until: () => false,
      everyMs: 4000,
      timeoutMs: 10_000,
    });
    const settled = expect(result).rejects.toMatchObject({
      code: 'wait.timeout',
      message: 'gave up waiting for image ami-1 after 10 s',
    });
    await clock.advance(10_000);
    await settled;
    expect(reads).toBe(4);
  });

  it('reports the known cause when it gives up, and also gives up without one', async () => {
    const clock = new ManualClock();
    const poll = createPoll(clock);
    const wait = { what: 'x', read: async () => 'down', until: () => false, everyMs: 1000, timeoutMs: 0 };
    await expect(
      poll({ ...wait, explain: async (last) => ({ causes: [`it is ${last}`], fix: 'start it' }) }),
    ).rejects.toMatchObject({ code: 'wait.timeout', details: ['it is down'], fix: 'start it' });
    await expect(poll({ ...wait, explain: () => Promise.reject(new Error('denied')) })).rejects.toMatchObject({
      code: 'wait.timeout',
      details: [],
      fix: expect.stringContaining('release.timeouts'),
    });
  });

  it('stops at once on interrupt, and when the reading throws', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const wait = { what: 'x', until: () => false, everyMs: 1000, timeoutMs: 10_000 };
    const result = createPoll(clock, controller.signal)({ ...wait, read: async () => 1 });
    const settled = expect(result).rejects.toThrow('stop');
    await clock.advance(10);
    controller.abort(new Error('stop'));
    await settled;
    await expect(createPoll(clock)({ ...wait, read: () => Promise.reject(new Error('denied')) })).rejects.toThrow(
      'denied',
    );
  });

  it('does not count the time without a connection', async () => {
    const clock = new ManualClock();
    let outageMs = 0;
    const poll = createPoll(
      clock,
      undefined,
      () => 0.5,
      () => outageMs,
    );
    let reads = 0;
    const read = async () => ++reads;
    const result = poll({ what: 'it', read, until: (value) => value === 4, everyMs: 1000, timeoutMs: 3000 });
    await clock.advance(1000);
    outageMs = 600_000;
    await clock.advance(600_000);
    await clock.advance(1000);
    expect(await result).toBe(4);
  });
});
