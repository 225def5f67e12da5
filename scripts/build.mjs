// Bundles the command line, the local cloud's daemon, the library and the infrastructure app into dist/ (see `entries`).
// Usage: node scripts/build.mjs [--analyze]
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { analyzeMetafile, build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist`;

/** Bundle name -> source, of what the package has. */
export const productEntries = {
  cli: 'src/cli/main.ts',
  'local-cloud': 'packages/local-cloud/src/daemon/main.ts',
  index: 'src/index.ts',
  infra: 'infra/main.ts',
};

/** What belongs to the repository only. */
const repositoryEntries = { demo: 'examples/demo/main.ts', bench: 'bench/main.ts' };

// Not bundled: jiti finds its own Babel beside itself, autocannon starts workers from its own files, and the CDK, 60 MB, is the
// project's own.
const external = ['jiti', 'autocannon', 'aws-cdk-lib', 'constructs'];

// CommonJS dependencies call require() for Node's own modules; a bundle in ESM has to bring it along.
const banner =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);";

/** Builds what is there. @returns esbuild's description of what the bundles are made of */
export async function bundle() {
  const present = Object.entries({ ...productEntries, ...repositoryEntries }).filter(([, source]) =>
    existsSync(`${root}${source}`),
  );
  const result = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(present),
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
    banner: { js: banner },
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  await publish(result.outputFiles);
  return result.metafile;
}

/**
 * Replaces the former build file by file, each in one step: commands that run meanwhile keep working. Old chunks stay for
 * an hour, because a command that started before may still want to load one.
 */
async function publish(files) {
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

async function main() {
  const metafile = await bundle();
  if (process.argv.includes('--analyze')) process.stdout.write(await analyzeMetafile(metafile));
  const built = Object.keys(metafile.outputs).filter((path) => /^dist\/[^/]+\.js$/.test(path));
  if (process.stderr.isTTY) process.stderr.write(`built ${built.join(', ')}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main();
  } catch (error) {
    if (!error?.errors) throw error;
    // esbuild has printed what is wrong already.
    process.stderr.write('error: the build failed\n');
    process.exitCode = 1;
  }
}
