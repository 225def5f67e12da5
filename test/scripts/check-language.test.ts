import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** A clone with nothing but the script and its lists. */
let clone = '';
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'language-'));
  for (const name of ['check-language.mjs', 'language.json', 'language']) {
    cpSync(`scripts/${name}`, join(clone, 'scripts', name), { recursive: true });
  }
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

function write(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(clone, dirname(name)), { recursive: true });
    writeFileSync(join(clone, name), text);
  }
}

/** Runs the script; gives the lines that it prints, and its exit code. */
async function check(...words: string[]) {
  const run = promisify(execFile)(process.execPath, [join(clone, 'scripts/check-language.mjs'), ...words]);
  const { code, stdout } = await run.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
  return { code, lines: stdout.trimEnd().split('\n') };
}

test('the language check accepts a clone without old words', async () => {
  write({ 'README.md': '# Rolling back\n\nThe fleet is unhealthy.\n', 'src/a.ts': 'await Promise.allSettled(all);\n' });
  expect(await check()).toEqual({ code: 0, lines: ['no word of the old dialect'] });
});

test('the language check prints file, line, phrase and the word to use', async () => {
  write({ 'docs/rollback.md': '# Rolling back\n\nThe way back.\n' });
  const { code, lines } = await check();
  expect(code).toBe(1);
  expect(lines).toEqual([
    'docs/rollback.md:3: "way back": use rollback, rollback method or usual size',
    '1 in all; scripts/language.json has the words',
  ]);
});

// The calls of the fixtures are put together, so that the check does not take them for titles of this file.
test.each([
  ['a phrase that is wrapped', 'docs/a.md', '# A\n\nthe run that is under\nway\n', 'docs/a.md:3: "under way"'],
  ['a phrase in a wrapped comment', 'src/a.ts', '/**\n * a run under\n * way\n */\n', 'src/a.ts:2: "under * way"'],
  ['a part of an identifier', 'src/a.ts', 'const isUnderWay = true;\n', 'src/a.ts:1: "UnderWay"'],
  ['the name of a file', 'src/make-way.ts', '', 'src/make-way.ts:1: "make-way"'],
  ['British spelling', 'src/a.ts', '// the colours of a fleet\n', 'src/a.ts:1: "colour"'],
  ['a title of a test', 'test/a.test.ts', `\n${'it'}('flips a host', () => {});\n`, 'test/a.test.ts:2: "flips"'],
  ['a title of a table', 'test/a.test.ts', `${'it'}.each([1])('proves %s', () => {});\n`, 'test/a.test.ts:1: "proves"'],
  ['a heading that asks', 'docs/a.md', '# A\n\n## And then?\n', 'docs/a.md:3: "## And then?"'],
  ['a title that begins with a question', 'docs/a.md', '# How to release\n', 'docs/a.md:1: "# How to release"'],
])('the language check finds %s', async (_what, file, text, expected) => {
  write({ [file]: text });
  const { lines } = await check();
  expect(lines[0]?.startsWith(`${expected}: use `), lines[0]).toBe(true);
});

test.each([
  ['words that contain an old one', 'src/a.ts', '// improved, secure, procured, classicking\n'],
  ['names that AWS gives', 'src/a.ts', "if (status === 'Cancelled') return;\n"],
  ['what a test does below its title', 'test/a.test.ts', "it('rolls back', () => expect(flip()).toBe('proof'));\n"],
  [
    'the names of before in a table of the changelog',
    'CHANGELOG.md',
    '# Changelog\n\n- Names:\n\n  | `--how` | `--method` |\n',
  ],
  ['generated pages', 'docs/configuration.md', '# What is sick?\n'],
  ['what was built', 'packages/a/dist/a.js', 'flip();\n'],
])('the language check accepts %s', async (_what, file, text) => {
  write({ [file]: text });
  expect((await check()).lines).toEqual(['no word of the old dialect']);
});

test('the language check with --only docs leaves out sources, and with --count gives a sum for each folder', async () => {
  write({ 'src/cli/a.ts': '// flip, and flip\n', 'src/aws/b.ts': '// sick\n', 'README.md': '# Pipeline\n' });
  expect(await check('--only', 'docs')).toEqual({ code: 0, lines: ['no word of the old dialect'] });
  expect((await check('--count')).lines.slice(0, 2)).toEqual(['2\tsrc/cli', '1\tsrc/aws']);
  expect((await check('--only', 'src')).code).toBe(2);
});
