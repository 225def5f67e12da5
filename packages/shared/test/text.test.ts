import { describe, expect, it } from 'vitest';
import { isoSeconds, nearest, show, visible } from '../src/text.ts';

describe('show', () => {
  it.each([
    ['api', '"api"'],
    ['a\nb', '"a\\nb"'],
    ['\u001b[2J', '"\\u001b[2J"'],
    ['\u202e', '"\\u202e"'],
    [3, '3'],
    [undefined, 'nothing'],
    [() => 1, 'a function'],
    [['a', 1], '["a",1]'],
  ])('%j as %s', (value, expected) => expect(show(value)).toBe(expected));

  it('cuts what is long and takes what refers to itself', () => {
    expect(show('x'.repeat(200))).toHaveLength(80);
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(show(loop)).toBe('a value that cannot be shown');
  });
});

describe('visible', () => {
  it('leaves ordinary text of any language', () => expect(visible('Größe 大小')).toBe('Größe 大小'));
  it('escapes what moves the cursor', () => expect(visible('a\r\n\tb\u0007')).toBe('a\\r\\n\\tb\\u0007'));
});

describe('nearest', () => {
  const words = ['local', 'staging', 'production'];
  it.each([
    ['locla', 'local'],
    ['stagin', 'staging'],
    ['Production', 'production'],
    ['prod', undefined],
    ['x'.repeat(10_000), undefined],
  ])('%s means %s', (word, expected) => expect(nearest(word, words)).toBe(expected));
});

it('isoSeconds gives a time to the second', () =>
  expect(isoSeconds(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('2026-01-02T03:04:05Z'));
