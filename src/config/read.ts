import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show, visible } from '@golden-pipeline/shared/text';
import { createJiti } from 'jiti';
import { guardedLoad } from './guarded-load.ts';

/** Possible places of the package's library entry, relative to this module: in the sources, or beside the bundle. */
const entries = ['../index.ts', './index.js', '../index.js', '../dist/index.js', '../src/index.ts'];

/**
 * Runs a TypeScript or JavaScript file and returns its default export. Its import of `golden-pipeline` always resolves
 * to this package.
 * @throws usage errors `config.unreadable` and `config.no-default-export`, whatever the file does
 */
export async function readPipelineFile(file: string, shownAs: string, projectDir: string): Promise<unknown> {
  const entry = entries.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path));
  const jiti = createJiti(file, {
    ...(entry === undefined ? {} : { alias: { 'golden-pipeline': entry } }),
    // Compiled files are cached with the project's other working files, as every user of the computer can write to the
    // temporary folder.
    fsCache: join(projectDir, '.pipeline', 'cache'),
    moduleCache: false,
    interopDefault: false,
  });
  let module: unknown;
  try {
    module = await guardedLoad(() => jiti.import(file));
  } catch (error) {
    throw unreadable(shownAs, error);
  }
  const value = typeof module === 'object' && module !== null ? (module as { default?: unknown }).default : undefined;
  if (value !== undefined) return value;
  throw usageError(
    'config.no-default-export',
    `${shownAs} has no default export`,
    'write `export default definePipeline({ ... })`',
  );
}

/** Colors in a compiler's message, which would be printed as escapes. */
const codes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

function unreadable(shownAs: string, error: unknown): PipelineError {
  const text = (error instanceof Error ? messageOf(error) : `it throws ${show(error)}`).replace(codes, '');
  const [first = 'it throws an error without a message', ...more] = text
    .split('\n')
    .filter((line) => line.trim() !== '');
  const details = more.filter((line) => !/^\s+at |^Require stack/.test(line)).slice(0, 8);
  return usageError(
    'config.unreadable',
    `${shownAs} cannot be loaded: ${visible(first)}`,
    'correct the file, then try `pipeline config check`',
    details.map(visible),
  );
}
