import { build, type Metafile } from 'esbuild';
import { expect, test } from 'vitest';

/** Sources that the given output of the bundle loads at once: its own and those of its static imports. */
function loadedWith(metafile: Metafile, output: string, seen = new Set<string>()): Set<string> {
  if (seen.has(output)) return new Set();
  seen.add(output);
  const { inputs = {}, imports = [] } = metafile.outputs[output] ?? {};
  const statics = imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path);
  return new Set([...Object.keys(inputs), ...statics.flatMap((path) => [...loadedWith(metafile, path, seen)])]);
}

test('help loads nothing but commander and the command descriptors', async () => {
  const { metafile } = await build({
    entryPoints: ['src/cli/main.ts'],
    outdir: 'unused',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    external: ['jiti'],
    logLevel: 'silent',
  });
  const loaded = [...loadedWith(metafile, 'unused/main.js')];
  const packages = new Set(loaded.map((path) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean));
  expect([...packages]).toEqual(['commander']);
  const parts = new Set(loaded.map((path) => /^src\/([^/]+)\//.exec(path)?.[1]).filter(Boolean));
  expect([...parts].sort()).toEqual(['cli']);
});
