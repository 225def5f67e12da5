import { describe, expect, it } from 'vitest';
import { batchSize, parseBatch } from '../../src/restart/batch.ts';

describe('a batch', () => {
  it.each([
    ['3', 40, 3],
    ['25%', 40, 10],
    ['1%', 40, 1],
    ['100%', 4, 4],
    ['50', 60, 20],
  ])('of %s in a fleet of %i is %i instances', (text, instances, size) => {
    expect(batchSize(parseBatch(text), instances)).toBe(size);
  });

  it.each([
    [1, 1],
    [19, 1],
    [40, 4],
    [350, 20],
  ])('that nobody asked for is, in a fleet of %i, %i', (instances, size) => {
    expect(batchSize(undefined, instances)).toBe(size);
  });

  it.each(['0', '-1', '1.5', '0%', '101%', '10 %', 'all', '', '1e3', '999999'])('of %j is refused', (text) => {
    expect(() => parseBatch(text)).toThrowError(expect.objectContaining({ code: 'restart.batch', outcome: 'usage' }));
  });
});
