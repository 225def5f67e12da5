import { expect, it } from 'vitest';
import { inARow } from '../../src/fleet/consecutive.ts';

it('a good reading counts only together with those before it', () => {
  const steady = inARow(3);
  expect([true, true, false, true, true, true, true].map(steady)).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
    true,
  ]);
  expect(inARow(1)(true)).toBe(true);
});
