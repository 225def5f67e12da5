import { expect, it } from 'vitest';
import { consecutive } from '../../src/fleet/consecutive.ts';

it('a good reading counts only with those before it', () => {
  const steady = consecutive(3);
  expect([true, true, false, true, true, true, true].map(steady)).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
    true,
  ]);
  expect(consecutive(1)(true)).toBe(true);
});
