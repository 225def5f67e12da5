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
