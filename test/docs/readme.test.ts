import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { loadFleet } from '../../src/config/load.ts';

const root = path.resolve(import.meta.dirname, '../..');
const readme = await readFile(path.join(root, 'README.md'), 'utf8');

it('shows a configuration that is accepted as it stands', async () => {
  const sample = /```ts\n(.+?)```/s.exec(readme)?.[1] ?? '';
  const dir = await mkdtemp(path.join(tmpdir(), 'readme-'));
  await mkdir(path.join(dir, 'pipelines'));
  await writeFile(path.join(dir, 'pipelines/api.ts'), sample);
  const fleet = await loadFleet({ projectDir: dir, app: 'api' });
  expect(fleet).toMatchObject({ environment: 'production', cloud: 'aws', capacity: { min: 4, max: 350 } });
  await rm(dir, { recursive: true });
});

it('names only commands that exist', () => {
  const daily = /## Daily use\n+```\n(.+?)```/s.exec(readme)?.[1] ?? '';
  const known = new Set(commands.flatMap((command) => command.name.split(' ')[0] ?? []));
  const named = [...daily.matchAll(/^pipeline ([\w-]+)/gm)].map((match) => match[1] ?? '');
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

it('leads to every page', async () => {
  const pages = (await readdir(path.join(root, 'docs'))).filter((name) => name.endsWith('.md'));
  expect(pages.filter((name) => !readme.includes(`](docs/${name})`))).toEqual([]);
});

it('links only to pages that are there, and so do the pages', async () => {
  const pages = [
    'README.md',
    ...(await readdir(path.join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ];
  for (const page of pages) {
    const text = await readFile(path.join(root, page), 'utf8');
    for (const [, link] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
      await expect(
        access(path.join(root, path.dirname(page), link ?? '')),
        `${page}: ${link}`,
      ).resolves.toBeUndefined();
    }
  }
});
