// Makes packages/local-cloud/dist: the local cloud as a package of its own, to be published from there with `npm publish` or packed with
// `npm pack`. Usage: node scripts/pack-local-cloud.mjs
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleTo } from './bundle.mjs';
import { assertComplete, bundlesOf, notices } from './bundled-packages.mjs';
import { bundleTypes } from './types.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = 'packages/local-cloud';
const dist = join(root, folder, 'dist');

const manifest = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));

/** Name of the subpath's files ('.' is `index`) -> source, as a path from the root. */
const entries = Object.fromEntries(
  Object.entries(manifest.exports).map(([subpath, source]) => [
    subpath === '.' ? 'index' : subpath.slice('./'.length),
    join(folder, source),
  ]),
);

/** The program that `spawnCloud` starts; it looks for that name. */
const daemon = { 'local-cloud': join(folder, 'src/daemon/main.ts') };

/** The manifest of what is published: nothing to install beside it, nothing to build. */
function published() {
  const { name, version, description, license, type, engines } = manifest;
  const files = Object.keys(entries).map((entry) => [
    entry === 'index' ? '.' : `./${entry}`,
    { types: `./${entry}.d.ts`, default: `./${entry}.js` },
  ]);
  const exports = {
    ...Object.fromEntries(files),
    './daemon': './local-cloud.js',
    './package.json': './package.json',
  };
  return { name, version, description, license, type, engines, bin: { [name]: 'bin.mjs' }, exports };
}

await rm(dist, { recursive: true, force: true });
const metafile = await bundleTo(dist, { ...entries, ...daemon });
const bundles = bundlesOf(
  metafile,
  Object.keys({ ...entries, ...daemon }).map((name) => `${folder}/dist/${name}.js`),
);
assertComplete(metafile, bundles, published());
await writeFile(join(dist, 'third-party-licenses.txt'), await notices(manifest.name, metafile, bundles));
await bundleTypes(dist, entries);
await writeFile(join(dist, 'package.json'), `${JSON.stringify(published(), null, 2)}\n`);
await writeFile(join(dist, 'bin.mjs'), "#!/usr/bin/env node\nimport './local-cloud.js';\n", { mode: 0o755 });
for (const page of ['README.md', 'BEHAVIOUR.md']) await copyFile(join(root, folder, page), join(dist, page));
await copyFile(join(root, 'LICENSE'), join(dist, 'LICENSE'));
// Source maps name sources that are not in the package.
await writeFile(join(dist, '.npmignore'), '*.map\n');
