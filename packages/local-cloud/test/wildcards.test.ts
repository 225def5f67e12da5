import fc from '@golden-pipeline/shared/testing/fast-check';
import { expect, test } from 'vitest';
import { wildcardMatcher } from '../src/wildcards.ts';

const escaped = (pattern: string) => wildcardMatcher(pattern, '\\');

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
  expect(escaped(pattern)(value)).toBe(expected);
});

test('agrees with a regular expression for every pattern and value', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  fc.assert(
    fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pattern, value) => {
      const same = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      expect(escaped(pattern)(value)).toBe(same.test(value));
    }),
  );
});

test('a hostile pattern is quick', () => {
  expect(escaped(`${'*a'.repeat(100)}b`)('a'.repeat(10_000))).toBe(false);
});

test('without an escape character a backslash is one like any other', () => {
  expect(wildcardMatcher('a\\*')('a\\b')).toBe(true);
  expect(wildcardMatcher('a\\*')('a*')).toBe(false);
});
