import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { file, minimal, project } from './support/project.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

it('a bundled product loads pipelines whose golden-pipeline import is the bundle itself, outside of any package', async () => {
  const projectDir = await project({ 'api.ts': file(minimal()) });
  const product = join(projectDir, 'product');
  await mkdir(product);
  await symlink(path('node_modules'), join(product, 'node_modules'));
  await build({
    entryPoints: { load: path('src/config/load.ts'), index: path('src/index.ts') },
    outdir: join(product, 'dist'),
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    external: ['jiti'],
  });
  await writeFile(join(product, 'package.json'), '{"type":"module"}');
  const script = join(product, 'run.mjs');
  await writeFile(
    script,
    `import { loadFleet } from './dist/load.js';
     const fleet = await loadFleet({ projectDir: process.argv[2], app: 'api' });
     console.log(fleet.names.group);`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script, projectDir], { cwd: projectDir });
  expect(stdout).toBe('api-local\n');
});
