// Bundles programs and libraries with esbuild: how, and how a former build is replaced.
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

// Not bundled: jiti finds its own Babel beside itself, autocannon starts workers from its own files, and the CDK, 60 MB, is the
// project's own.
const external = ['jiti', 'autocannon', 'aws-cdk-lib', 'constructs'];

// CommonJS dependencies call require() for Node's own modules; a bundle in ESM has to bring it along.
const banner =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);";

/**
 * Writes a bundle for each entry, and the chunks that they share.
 * @param dist absolute path of the folder
 * @param entries bundle name -> source, as a path from the root
 * @param replaced source -> the one that stands in for it, as paths from the root; the latter gets the real one
 * @returns esbuild's description of what the bundles are made of
 */
export async function bundleTo(dist, entries, replaced = {}) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: dist,
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    external,
    plugins: [replacing(replaced)],
    banner: { js: banner },
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  await publish(dist, result.outputFiles);
  return result.metafile;
}

/** Resolves a source to the one that stands in for it. */
function replacing(replaced) {
  const places = new Map(Object.entries(replaced).map(([from, to]) => [join(root, from), join(root, to)]));
  return {
    name: 'replacing',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, importer, resolveDir }) => {
        const instead = places.get(join(resolveDir, path));
        return instead !== undefined && instead !== importer ? { path: instead } : undefined;
      });
    },
  };
}

/**
 * Replaces the former build file by file, each in one step: commands that run meanwhile keep working. Old chunks stay for
 * an hour, because a command that started before may still want to load one.
 */
async function publish(dist, files) {
  await mkdir(`${dist}/chunks`, { recursive: true });
  // Chunks first: an entry must never name a chunk that is not there yet.
  const isEntry = (file) => Number(!file.path.startsWith(`${dist}/chunks/`));
  for (const file of files.toSorted((a, b) => isEntry(a) - isEntry(b))) {
    const next = `${file.path}.${process.pid}`;
    await writeFile(next, file.contents);
    await rename(next, file.path);
  }
  const kept = new Set(files.map((file) => file.path));
  for (const name of await readdir(`${dist}/chunks`)) {
    const path = `${dist}/chunks/${name}`;
    if (!kept.has(path) && Date.now() - (await modified(path)) > 3_600_000) await rm(path, { force: true });
  }
}

/** Time of the last change in milliseconds; now for a file that another build has just removed. */
async function modified(path) {
  return stat(path).then(
    (found) => found.mtimeMs,
    () => Date.now(),
  );
}
