// Makes dist/ ready for `npm pack` and `npm publish`, which call it: bundles, types, licenses of what is bundled, and a list of what in
// dist/ belongs to the repository only.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, productEntries } from './build.mjs';
import { bundleTypes } from './types.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

/** Bundles that the product's entries need, as paths from the root: itself and all chunks that are imported, at once or later. */
function bundlesOf({ outputs }) {
  const found = new Set();
  const add = (path) => {
    if (found.has(path)) return;
    found.add(path);
    for (const { path: next, external } of outputs[path].imports) if (!external) add(next);
  };
  for (const name of Object.keys(productEntries)) add(`dist/${name}.js`);
  return found;
}

/** @throws Error when a bundle imports a package that an installation does not have */
function assertComplete({ outputs }, bundles, { dependencies, peerDependencies }) {
  const there = Object.keys({ ...dependencies, ...peerDependencies });
  const foreign = [...bundles]
    .flatMap((path) => outputs[path].imports)
    .filter(({ external, path }) => external && !isBuiltin(path))
    .filter(({ path }) => !there.some((name) => path === name || path.startsWith(`${name}/`)));
  if (foreign.length > 0)
    throw new Error(`not bundled, and no dependency: ${foreign.map(({ path }) => path).join(', ')}`);
}

/** Folders of the packages that these bundles have code of. */
function packagesOf({ outputs }, bundles) {
  const inputs = [...bundles].flatMap((path) => Object.keys(outputs[path].inputs));
  const packages = inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]);
  return [...new Set(packages)].filter((folder) => folder !== undefined).sort();
}

/** Name, version, license and, where the package has one, the text of its license file. */
async function licenseOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
  const file = (await readdir(join(root, folder))).find((one) => /^licen[cs]e(\.|$)/i.test(one));
  const text = file === undefined ? '' : (await readFile(join(root, folder, file), 'utf8')).trim();
  return { title: `${name} ${version} (${license})`, text };
}

/** Packages with the same text share it: the parts of the AWS SDK do. */
async function notices(folders) {
  const titles = new Map();
  for (const { title, text } of await Promise.all(folders.map(licenseOf))) {
    titles.set(text, [...(titles.get(text) ?? []), title]);
  }
  const sections = [...titles].map(([text, names]) => [...names, '', text].join('\n').trim());
  return `${['The bundles of golden-pipeline contain these packages.', ...sections].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

const metafile = await bundle();
const bundles = bundlesOf(metafile);
assertComplete(metafile, bundles, JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
await writeFile(join(dist, 'third-party-licenses.txt'), await notices(packagesOf(metafile, bundles)));
await bundleTypes(join(dist, 'index.d.ts'));

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
