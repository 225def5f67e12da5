import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A project folder with these files of `pipelines/`, and the playbook that {@link minimal} names; it is removed when the test ends. */
export async function project(files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'golden-config-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'pipelines'));
  await mkdir(join(dir, 'ansible'));
  await writeFile(join(dir, 'ansible/api.yml'), '- hosts: all\n  roles: [release]\n');
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, 'pipelines', name), text);
  return dir;
}

/** Source of a pipelines file that exports this configuration. */
export function file(config: unknown): string {
  return `import { definePipeline } from 'golden-pipeline';\nexport default definePipeline(${JSON.stringify(config)} as never);\n`;
}

/** The smallest configuration, with changes. */
export function minimal(changes: Record<string, unknown> = {}) {
  return {
    app: 'api',
    source: {},
    ansible: { playbook: 'ansible/api.yml' },
    service: { port: 3000 },
    environments: { local: { cloud: 'local' } },
    ...changes,
  };
}
