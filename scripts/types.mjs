// Bundles the types of the library into one file that needs no other package: what a pipelines file is checked against in a project
// that has installed this one.
import { writeFile } from 'node:fs/promises';
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
 * Writes the types of `src/index.ts` to a file.
 * @throws Error when they name a package that a project may not have, or a type of the SDK that `scripts/types` lacks
 */
export async function bundleTypes(file) {
  const types = dts({ tsconfig: path('tsconfig.json'), includeExternal: inlined, compilerOptions: { noEmit: false } });
  const bundle = await rollup({
    input: path('src/index.ts'),
    external: (id) =>
      /^[@a-z]/.test(id) && !inlined.includes(id) && !id.startsWith('@aws-sdk/') && !id.startsWith('@golden-pipeline/'),
    // Ports name more types of the SDK than what tasks see of them.
    shimMissingExports: true,
    plugins: [workspace, sdkClients, types],
    onLog: (_level, log) => {
      if (log.code !== 'SHIMMED_EXPORT') process.stderr.write(`types: ${log.message}\n`);
    },
  });
  const { output } = await bundle.generate({});
  await bundle.close();
  const foreign = output.flatMap(({ imports }) => imports).filter((name) => !name.startsWith('node:'));
  if (foreign.length > 0) throw new Error(`the types of the package need ${foreign.join(', ')}`);
  const lines = output.flatMap(({ code }) => code.split('\n'));
  const missing = lines.filter((line) => line.includes(': _missingExportShim'));
  if (missing.length > 0) {
    throw new Error(
      `types of the SDK that scripts/types/sdk-clients.d.ts lacks: ${missing.map((line) => line.trim()).join(' ')}`,
    );
  }
  await writeFile(file, lines.join('\n'));
}
