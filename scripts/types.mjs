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

/** What the packages of the workspace share is bundled into each. */
const shared = {
  name: 'shared',
  resolveId: (id) =>
    id.startsWith('@golden-pipeline/shared/') ? path(`packages/shared/src/${id.split('/').at(-1)}.ts`) : null,
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
    plugins: [sdkClients, shared, types],
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
