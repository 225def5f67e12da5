// Bundles the command line, the local cloud's daemon, the library and the infrastructure app into dist/ (see `entries`).
// Usage: node scripts/build.mjs [--analyze]
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { analyzeMetafile } from 'esbuild';
import { bundleTo } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundle name -> source, of what the package has. */
export const productEntries = {
  cli: 'src/cli/main.ts',
  'local-cloud': 'packages/local-cloud/src/daemon/main.ts',
  index: 'src/index.ts',
  infra: 'infra/main.ts',
};

/** What belongs to the repository only. */
const repositoryEntries = {
  demo: 'examples/demo/main.ts',
  bench: 'bench/main.ts',
};

/** The simulation is bundled by itself: in it, git is called once for each question. */
const simulation = {
  entries: { simulate: 'test/simulation/main.ts' },
  replaced: {
    'src/hosts/git/run-git.ts': 'test/simulation/support/memoized-git.ts',
    'src/hosts/git/archive.ts': 'test/simulation/support/memoized-archive.ts',
  },
};

/** Builds what is there. @returns esbuild's description of what the bundles are made of */
export async function bundle() {
  const present = Object.entries({ ...productEntries, ...repositoryEntries }).filter(([, source]) =>
    existsSync(`${root}${source}`),
  );
  if (existsSync(`${root}${simulation.entries.simulate}`)) {
    await bundleTo(`${root}dist`, simulation.entries, simulation.replaced);
  }
  return bundleTo(`${root}dist`, Object.fromEntries(present));
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
