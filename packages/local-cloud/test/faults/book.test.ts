import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it } from 'vitest';
import { FaultBook } from '../../src/faults/book.ts';
import { fitsCall, matchesName } from '../../src/faults/match.ts';

function setUp(chances: number[] = []) {
  const clock = new ManualClock();
  return { clock, book: new FaultBook({ clock, random: () => chances.shift() ?? 0 }) };
}

const call = { service: 'ec2', operation: 'CreateImage', region: 'eu-west-1' };

describe('FaultBook', () => {
  it('strikes at the rate that chance has it, and counts', () => {
    const { book } = setUp([0.05, 0.1, 0.99, 0.09]);
    book.add({ kind: 'error', rate: 0.1 });
    const struck = [1, 2, 3, 4].map(() => book.strike('error') !== undefined);
    expect(struck).toEqual([true, false, false, true]);
    expect(book.list()).toMatchObject([{ id: 'f-1', hits: 2, active: true }]);
  });

  it('CLD-FLT-12 strikes no oftener than its count, and no longer than its time', async () => {
    const { book, clock } = setUp();
    book.add({ kind: 'error', count: 2 });
    expect([1, 2, 3].map(() => book.strike('error')?.id)).toEqual(['f-1', 'f-1', undefined]);
    book.add({ kind: 'error', forMs: 1_000 });
    await clock.advance(999);
    expect(book.strike('error')?.id).toBe('f-2');
    await clock.advance(1);
    expect(book.strike('error')).toBeUndefined();
    expect(book.list().map(({ active }) => active)).toEqual([false, false]);
  });

  it('keeps the verdict of a subject, also when the count is used up', () => {
    const { book } = setUp([0.9, 0.1, 0.1]);
    book.add({ kind: 'never-healthy', rate: 0.5, count: 1 });
    const struck = (id: string) => book.strikeOnce('never-healthy', id) !== undefined;
    expect([struck('a'), struck('b'), struck('c')]).toEqual([false, true, false]);
    expect([struck('a'), struck('b'), struck('c')]).toEqual([false, true, false]);
    book.clear('f-1');
    expect(struck('b')).toBe(false);
  });

  it('clears one or all, and says how many there were', () => {
    const { book } = setUp();
    for (let i = 0; i < 3; i++) book.add({ kind: 'latency' });
    expect([book.clear('f-2'), book.clear('f-2'), book.clear('f-9')]).toEqual([1, 0, 0]);
    expect(book.list().map(({ id }) => id)).toEqual(['f-1', 'f-3']);
    expect(book.clear()).toBe(2);
    expect(book.list()).toEqual([]);
    expect(book.add({ kind: 'latency' }).id).toBe('f-4');
  });

  it('lets rules that have ended make way, and refuses more than it can keep', () => {
    const { book } = setUp();
    for (let i = 0; i < 200; i++) book.add({ kind: 'error', count: 1 });
    expect(() => book.add({ kind: 'error' })).toThrow('200 faults already');
    book.strike('error');
    expect(book.add({ kind: 'error' }).id).toBe('f-201');
    expect(book.list()).toHaveLength(200);
  });
});

describe('what a rule fits', () => {
  it.each([
    ['CreateImage', 'CreateImage', true],
    ['createimage', 'CreateImage', true],
    ['Create', 'CreateImage', false],
    ['Describe*', 'DescribeImages', true],
    ['*Image', 'CreateImage', true],
    ['*Image', 'DescribeImages', false],
    ['*', 'anything', true],
    ['De*be*s', 'DescribeImages', true],
    ['a*a', 'a', false],
    ['a*b*c', 'acb', false],
  ])('%s and %s', (pattern, name, fits) => {
    expect(matchesName(pattern, name)).toBe(fits);
  });

  it('names, services and regions must all fit', () => {
    expect(fitsCall({ kind: 'error' }, call)).toBe(true);
    expect(fitsCall({ kind: 'error', service: 'ec2', region: 'eu-west-1', operation: 'Create*' }, call)).toBe(true);
    expect(fitsCall({ kind: 'error', service: 's3' }, call)).toBe(false);
    expect(fitsCall({ kind: 'error', region: 'eu-west-2' }, call)).toBe(false);
    expect(fitsCall({ kind: 'error', operation: 'DescribeImages' }, call)).toBe(false);
  });
});
