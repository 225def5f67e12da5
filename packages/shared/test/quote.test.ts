import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { quoteWord } from '../src/quote.ts';

it.each(['', 'plain', "it's", '$(id) `id` "x" \\', 'two\nlines'])('quoteWord keeps %j for a shell', (value) => {
  expect(execFileSync('sh', ['-c', `printf %s ${quoteWord(value)}`]).toString()).toBe(value);
});
