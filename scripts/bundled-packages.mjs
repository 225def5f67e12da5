// What bundles are made of: which chunks they need, whose code is in them, and under which licenses.
import { readdir, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Bundles that entries need, as paths from the root: themselves and all chunks that are imported, at once or later.
 * @param metafile esbuild's description of the build
 * @param entries paths of the entries' bundles from the root
 */
export function bundlesOf({ outputs }, entries) {
  const found = new Set();
  const add = (path) => {
    if (found.has(path)) return;
    found.add(path);
    for (const { path: next, external } of outputs[path].imports) if (!external) add(next);
  };
  for (const path of entries) add(path);
  return found;
}

/** @throws Error when a bundle imports a package that an installation does not have */
export function assertComplete({ outputs }, bundles, { dependencies, peerDependencies }) {
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

/**
 * The licenses of all packages that the bundles have code of. Packages with the same text share it: the parts of the AWS SDK do.
 * @param name the package that the bundles belong to
 */
export async function notices(name, metafile, bundles) {
  const titles = new Map();
  for (const { title, text } of await Promise.all(packagesOf(metafile, bundles).map(licenseOf))) {
    titles.set(text, [...(titles.get(text) ?? []), title]);
  }
  const sections = [...titles].map(([text, names]) => [...names, '', text].join('\n').trim());
  return `${[`The bundles of ${name} contain these packages.`, ...sections].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
