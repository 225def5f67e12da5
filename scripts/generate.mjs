// Writes the generated pages of docs/; with --check it only says which are stale, and fails when one is.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

const root = new URL('../', import.meta.url);
const check = process.argv.includes('--check');
const { generatedFiles } = await createJiti(import.meta.url, { fsCache: false }).import(
  fileURLToPath(new URL('src/config/reference.ts', root)),
);

const stale = [];
for (const [path, text] of Object.entries(generatedFiles())) {
  const file = new URL(path, root);
  if (read(file) === text) continue;
  stale.push(path);
  if (!check) writeFileSync(file, text);
}

if (check && stale.length > 0) {
  console.error(`stale: ${stale.join(', ')} (run npm run generate)`);
  process.exitCode = 1;
} else {
  console.log(stale.length > 0 ? `wrote ${stale.join(', ')}` : 'all generated files are current');
}

/** The file's text; undefined when there is none yet. */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
