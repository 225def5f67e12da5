import { execFileSync } from 'node:child_process';
import fc from '@golden-pipeline/shared/testing/fast-check';
import { expect, it } from 'vitest';
import { shellCommand } from '../../src/hosts/quote.ts';

it('a quoted argument reaches the program unchanged through a POSIX shell', () => {
  const hostile = [
    '',
    ' ',
    "'",
    '"',
    '$(id)',
    '`id`',
    '\\',
    '\n',
    ';rm',
    '~',
    '*',
    '-x',
    'é',
    "a'b'c",
    '!',
    '#',
    'A=b',
  ];
  const print = ['printf', '%s\\0', ...hostile];
  expect(execFileSync('sh', ['-c', shellCommand(print)]).toString()).toBe(`${hostile.join('\0')}\0`);
});

it('any quoted text reaches the program unchanged', () => {
  const argument = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 5 }), (words) => {
      const printed = execFileSync('sh', ['-c', shellCommand(['printf', '%s\\0', ...words])]).toString();
      expect(printed).toBe(`${words.join('\0')}\0`);
    }),
    { numRuns: 25 },
  );
});

it('text that no program can be started with is refused', () => {
  expect(() => shellCommand(['a', 'b\0c'])).toThrow('NUL');
  expect(() => shellCommand([])).toThrow('needs a program');
  expect(shellCommand(['A=b'])).toBe("'A=b'");
});
