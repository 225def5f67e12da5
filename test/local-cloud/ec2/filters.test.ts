import { expect, test } from 'vitest';
import { matcher } from '../../../src/local-cloud/ec2/filters.ts';
import fc from '../../support/fast-check.ts';

test.each([
  ['api', 'api', true],
  ['api', 'API', false],
  ['a*', 'a', true],
  ['a*z', 'abcz', true],
  ['a*z', 'abc', false],
  ['*b*', 'abc', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a\\*', 'a*', true],
  ['a\\*', 'ab', false],
  ['\\?', '?', true],
  ['(.+)', 'x', false],
  ['*', '', true],
  ['?', '', false],
])('pattern %s against %s: %s', (pattern, value, expected) => {
  expect(matcher(pattern)(value)).toBe(expected);
});

test('agrees with a regular expression for every pattern and value', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  fc.assert(
    fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pattern, value) => {
      const same = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      expect(matcher(pattern)(value)).toBe(same.test(value));
    }),
  );
});

test('a hostile pattern is quick', () => {
  expect(matcher(`${'*a'.repeat(100)}b`)('a'.repeat(10_000))).toBe(false);
});
