import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMerge } from '../../src/logs/merge.ts';

let clock: ManualClock;
let printed: string[];
let merge: ReturnType<typeof createMerge<string>>;

beforeEach(() => {
  clock = new ManualClock();
  printed = [];
  merge = createMerge<string>(clock, (line) => printed.push(line));
});

describe('lines of several instances', () => {
  it('are printed in the order of their times, whatever order they come in', () => {
    const [a, b] = [merge.open(), merge.open()];
    void a.push(1, 'a1');
    void a.push(4, 'a4');
    expect(printed).toEqual([]);
    void b.push(2, 'b2');
    void b.push(3, 'b3');
    a.end();
    b.end();
    expect(printed).toEqual(['a1', 'b2', 'b3', 'a4']);
  });

  it('without a time stay behind the line before them', () => {
    const [a, b] = [merge.open(), merge.open()];
    void a.push(1, 'error');
    void a.push(null, '  at stack');
    void b.push(2, 'b2');
    a.end();
    b.end();
    expect(printed).toEqual(['error', '  at stack', 'b2']);
  });

  it('do not wait for an instance that has none for half a second, whose lines come late', async () => {
    const [a, slow] = [merge.open(), merge.open()];
    void a.push(5, 'a5');
    await clock.advance(499);
    expect(printed).toEqual([]);
    await clock.advance(1);
    expect(printed).toEqual(['a5']);
    void a.push(6, 'a6');
    expect(printed).toEqual(['a5', 'a6']);
    void slow.push(1, 'slow1');
    slow.end();
    a.end();
    expect(printed).toEqual(['a5', 'a6', 'slow1']);
  });

  it('that are being written wait a moment for earlier ones of other instances', async () => {
    const [a, b] = [merge.open(), merge.open()];
    a.live();
    b.live();
    void a.push(10, 'a10');
    await clock.advance(200);
    void b.push(9, 'b9');
    expect(printed).toEqual([]);
    await clock.advance(300);
    expect(printed).toEqual(['b9', 'a10']);
  });

  it('are all printed by a flush', () => {
    const [a] = [merge.open(), merge.open()];
    a.live();
    void a.push(1, 'a1');
    merge.flush();
    expect(printed).toEqual(['a1']);
  });
});

it('an instance that is ahead waits when 500 of its lines are waiting, and goes on when there is room', async () => {
  const [ahead, behind] = [merge.open(), merge.open()];
  let pushed = 0;
  const work = (async () => {
    for (; pushed < 2000; pushed++) await ahead.push(pushed, `${pushed}`);
    ahead.end();
  })();
  await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(pushed).toBeLessThan(501);
  behind.end();
  await work;
  expect(printed).toHaveLength(2000);
});

it('a flush lets an instance go on that waits for room', async () => {
  const [ahead] = [merge.open(), merge.open()];
  const work = (async () => {
    for (let number = 0; number < 500; number++) await ahead.push(number, `${number}`);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  expect(printed).toEqual([]);
  merge.flush();
  await work;
  expect(printed).toHaveLength(500);
});
