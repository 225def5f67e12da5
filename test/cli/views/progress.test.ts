import { expect, test } from 'vitest';
import { aboutText, elapsedText, headlineText } from '../../../src/cli/views/progress.ts';

test.each([
  [3.4, 'about 3s'],
  [0.2, 'about 1s'],
  [97, 'about 1m 40s'],
  [598, 'about 10m'],
  [4000, 'about 1h 7m'],
])('an expected time of %d s is printed as "%s"', (seconds, text) => expect(aboutText(seconds)).toBe(text));

test('a step that takes longer than usual says what is usual', () => {
  expect(elapsedText(10, 40)).toBe('10s of about 40s');
  expect(elapsedText(47, 40)).toBe('47s of about 40s');
  expect(elapsedText(50, 40)).toBe('50s, usually about 40s');
  expect(elapsedText(-3)).toBe('0s');
});

test.each([
  [{}, 'scale api in production'],
  [{ what: 'to 6 instances' }, 'scale api in production: to 6 instances'],
  [{ version: 'v2', previous: 'v2', commit: 'abc' }, 'scale api v2 in production: abc'],
  [{ version: 'v1', previous: 'v2', what: 'by switch' }, 'scale api v1 in production: (before: v2, by switch)'],
])('the headline of %j leaves out what is not known', (headline, text) => {
  expect(headlineText({ operation: 'scale', app: 'api', environment: 'production', headline })).toBe(text);
});
