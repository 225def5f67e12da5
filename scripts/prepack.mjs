// Makes dist/ ready for `npm pack` and `npm publish`, which call it: bundles, types, licenses of what is bundled, and a list of what in
// dist/ belongs to the repository only.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, productEntries } from './build.mjs';
import { assertComplete, bundlesOf, notices } from './bundled-packages.mjs';
import { bundleTypes } from './types.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

const metafile = await bundle();
const entries = Object.keys(productEntries).map((name) => `dist/${name}.js`);
const bundles = bundlesOf(metafile, entries);
assertComplete(metafile, bundles, JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
await writeFile(join(dist, 'third-party-licenses.txt'), await notices('golden-pipeline', metafile, bundles));
await bundleTypes(dist, { index: 'src/index.ts' });

// npm leaves out what a folder's own .npmignore names: source maps, as sources are not in the package, the repository's own bundles, and
// chunks of earlier builds.
const shipped = new Set(
  [...bundles, 'dist/index.d.ts', 'dist/third-party-licenses.txt'].map((path) => path.slice('dist/'.length)),
);
const others = (await readdir(dist, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1))
  .filter((path) => !shipped.has(path));
await writeFile(join(dist, '.npmignore'), others.map((path) => `/${path}\n`).join(''));
