import { describe, expect, it } from 'vitest';
import { namesError, tellingPart } from '../../../src/fleet/evidence/telling.ts';

const chatter = Array.from({ length: 40 }, (_, index) => `GET /events/${index} 200 3 ms`);

describe('the telling part of a log', () => {
  it('is the end of a log that names no error', () => {
    expect(tellingPart(chatter)).toEqual(chatter.slice(-15));
    expect(namesError(chatter)).toBe(false);
    expect(tellingPart([])).toEqual([]);
  });

  it('is the error of Node with its source line and its stack, although requests follow', () => {
    const crash = [
      'file:///srv/api/releases/v2/server.js:57',
      'nonsense(',
      '',
      'SyntaxError: Unexpected end of input',
      '    at compileSourceTextModule (node:internal/modules/esm/utils:346:16)',
      'Node.js v20.19.0',
    ];
    const shown = tellingPart([...chatter, ...crash, ...chatter]);
    expect(shown).toHaveLength(15);
    expect(shown).toEqual(expect.arrayContaining(crash));
    expect(namesError(crash)).toBe(true);
  });

  it.each([
    ['none', ''],
    ['of the reader of logs', '2026-11-30T02:14:21.123Z '],
    ['of svlogd', '2026-11-30_02:14:21.12345 '],
    ['of the app', '[2026-11-30 02:14:21,123 +0000] '],
  ])('is an error with the frames behind it, with a time before each line: %s', (_what, at) => {
    const stacks = [
      ['panic: runtime error: index out of range', 'goroutine 1 [running]:', '\tmain.go:12 +0x1d'],
      ['java.lang.IllegalStateException: no pool', '\tat com.example.Pool.get(Pool.java:7)'],
      ['TypeError: x is undefined', ...Array.from({ length: 20 }, (_, index) => `    at f${index} (a.js:1:1)`)],
    ].map((stack) => stack.map((line) => `${at}${line}`));
    for (const stack of stacks) {
      expect(namesError(stack)).toBe(true);
      const shown = tellingPart([...chatter, ...stack, ...chatter]);
      expect(shown).toEqual(expect.arrayContaining(stack.slice(0, 12)));
    }
  });

  it('is not a frame that names an error, but the error before it, with times too', () => {
    const at = '2026-11-30T02:14:21.123Z ';
    const crash = [`${at}Error: first`, ...Array(20).fill(`${at}    at new ValidationError (a.js:1)`)];
    expect(tellingPart([...chatter, ...crash])[3]).toBe(`${at}Error: first`);
  });

  it('is a traceback of Python up to its error, also behind timestamps', () => {
    const frames = Array.from(
      { length: 30 },
      (_, index) => `2026-11-30T02:14:21Z   File "/srv/api/app.py", line ${index}`,
    );
    const error = '2026-11-30T02:14:21Z KeyError: "STRIPE_KEY"';
    const shown = tellingPart([
      ...chatter,
      '2026-11-30T02:14:21Z Traceback (most recent call last):',
      ...frames,
      error,
      ...chatter,
    ]);
    expect(shown).toHaveLength(15);
    expect(shown.at(-1)).toBe(error);
  });

  it('is the last of several errors, with lines of a bounded length', () => {
    const shown = tellingPart(['Error: first', ...chatter, `Error: second ${'x'.repeat(5000)}`]);
    expect(shown.at(-1)).toMatch(/^Error: second x+\.\.\.$/);
    expect(shown.at(-1)?.length).toBeLessThan(310);
    expect(shown.join('\n')).not.toContain('first');
  });
});
