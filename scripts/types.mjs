// Bundles types into files that need no other package: what a program is checked against in a project that has installed the package.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Zod's types are part of the configuration's. */
const inlined = ['zod'];

/** The SDK's own types would be 10 MB; the clients that tasks get are described by what they can do. */
const sdkClients = {
  name: 'sdk-clients',
  resolveId: (id) => (id.startsWith('@aws-sdk/') ? path('scripts/types/sdk-clients.d.ts') : null),
};

/** The private workspace is not a package of its own: its files are read as those of this one. */
const workspace = {
  name: 'workspace',
  resolveId: (id) => {
    const name = /^@golden-pipeline\/shared\/(.+)$/.exec(id)?.[1];
    return name === undefined ? null : path(`packages/shared/src/${name}.ts`);
  },
};

/**
 * Writes the types of each entry, and what they share to `types/`.
 * @param dist absolute path of the folder
 * @param entries name of the file, without its ending -> source, as a path from the root
 * @throws Error when they name a package that a project may not have, or a type of the SDK that `scripts/types` lacks
 */
export async function bundleTypes(dist, entries) {
  const types = dts({ tsconfig: path('tsconfig.json'), includeExternal: inlined, compilerOptions: { noEmit: false } });
  const bundle = await rollup({
    input: Object.fromEntries(Object.entries(entries).map(([name, source]) => [name, path(source)])),
    external: (id) =>
      /^[@a-z]/.test(id) && !inlined.includes(id) && !id.startsWith('@aws-sdk/') && !id.startsWith('@golden-pipeline/'),
    // Ports name more types of the SDK than what tasks see of them.
    shimMissingExports: true,
    plugins: [workspace, sdkClients, types],
    onLog: (_level, log) => {
      if (log.code !== 'SHIMMED_EXPORT') process.stderr.write(`types: ${log.message}\n`);
    },
  });
  const { output } = await bundle.generate({
    entryFileNames: '[name].d.ts',
    chunkFileNames: 'types/[name]-[hash].d.ts',
  });
  await bundle.close();
  const own = new Set(output.map(({ fileName }) => fileName));
  const imports = output.flatMap((file) => file.imports);
  const foreign = imports.filter((name) => !own.has(name) && !name.startsWith('node:'));
  if (foreign.length > 0) throw new Error(`the types of the package need ${foreign.join(', ')}`);
  const missing = output
    .flatMap(({ code }) => code.split('\n'))
    .filter((line) => line.includes(': _missingExportShim'));
  if (missing.length > 0) {
    throw new Error(
      `types of the SDK that scripts/types/sdk-clients.d.ts lacks: ${missing.map((line) => line.trim()).join(' ')}`,
    );
  }
  for (const { fileName, code } of output) {
    const file = join(dist, fileName);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, code);
  }
}
