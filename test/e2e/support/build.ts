import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Vitest's global set-up of the end-to-end tests: they run the built command line, so it must be that of these sources. */
export default async function build(): Promise<void> {
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../../../scripts/build.mjs', import.meta.url))]);
}
