import { describe, expect, it } from 'vitest';
import { type Size, sizeToRestore } from '../../src/fleet/size-to-restore.ts';

describe('sizeToRestore', () => {
  it.each<[string, Required<Size>, Size, Size, Size]>([
    [
      'everything that the run has set',
      { min: 10, max: 20, desired: 10 },
      { min: 10, desired: 10 },
      { min: 4, desired: 4 },
      { min: 4, desired: 4 },
    ],
    ['nothing that is as before', { min: 4, max: 12, desired: 6 }, { min: 4, desired: 6 }, { min: 4, desired: 6 }, {}],
    [
      'no capacity that somebody else has set',
      { min: 10, max: 20, desired: 12 },
      { min: 10, desired: 10 },
      { min: 4, desired: 4 },
      { min: 4 },
    ],
    [
      'no capacity below a minimum that somebody else has set',
      { min: 8, max: 20, desired: 10 },
      { min: 10, desired: 10 },
      { min: 4, desired: 4 },
      { desired: 8 },
    ],
    [
      'nothing above a maximum that somebody else has set',
      { min: 2, max: 5, desired: 2 },
      { min: 2, max: 20, desired: 2 },
      { min: 6, max: 12, desired: 6 },
      { min: 5, desired: 5 },
    ],
    ['no key that was not changed', { min: 0, max: 12, desired: 4 }, { min: 4 }, { min: 0, desired: 8 }, {}],
  ])('restores %s', (_, live, given, before, back) => {
    expect(sizeToRestore(live, given, before)).toEqual(back);
  });
});
