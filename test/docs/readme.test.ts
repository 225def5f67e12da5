import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { loadFleet } from '../../src/config/load.ts';

const root = path.resolve(import.meta.dirname, '../..');
const readme = await readFile(path.join(root, 'README.md'), 'utf8');

it('the README has a configuration that is valid as it stands', async () => {
  const sample = /```ts\n(.+?)```/s.exec(readme)?.[1] ?? '';
  const dir = await mkdtemp(path.join(tmpdir(), 'readme-'));
  await mkdir(path.join(dir, 'pipelines'));
  await writeFile(path.join(dir, 'pipelines/api.ts'), sample);
  const fleet = await loadFleet({ projectDir: dir, app: 'api' });
  expect(fleet).toMatchObject({ environment: 'production', cloud: 'aws', capacity: { min: 4, max: 350 } });
  await rm(dir, { recursive: true });
});

it('the README names only commands that exist', () => {
  const daily = /## Daily use\n+```\n(.+?)```/s.exec(readme)?.[1] ?? '';
  const known = new Set(commands.flatMap((command) => command.name.split(' ')[0] ?? []));
  const named = [...daily.matchAll(/^pipeline ([\w-]+)/gm)].map((match) => match[1] ?? '');
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

it('the README links to every page', async () => {
  const pages = (await readdir(path.join(root, 'docs'))).filter((name) => name.endsWith('.md'));
  expect(pages.filter((name) => !readme.includes(`](docs/${name})`))).toEqual([]);
});

it('the README and the pages link only to pages that exist', async () => {
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

it('pages have noun-phrase titles, links to existing headings, and prose of at most 120 columns', async () => {
  const guides = (await readdir(path.join(root, 'docs'))).filter((name) => name.endsWith('.md'));
  const pages = ['README.md', ...guides.map((name) => `docs/${name}`)];
  const wrong: string[] = [];
  for (const page of pages) {
    const text = await readFile(path.join(root, page), 'utf8');
    if (!/^# [^?]+\n/.test(text)) wrong.push(`${page}: ${text.split('\n')[0]}`);
    for (const [, to = '', heading = ''] of text.matchAll(/\]\(((?!https?:)[^)#]*)#([^)]+)\)/g)) {
      const target = to === '' ? text : await readFile(path.join(root, path.dirname(page), to), 'utf8');
      if (!headingsOf(target).includes(heading)) wrong.push(`${page}: ${to}#${heading}`);
    }
    // The reference is generated, with the descriptions as they are.
    if (page === 'docs/configuration.md') continue;
    for (const line of proseOf(text)) if (line.length > 120) wrong.push(`${page}: ${line}`);
  }
  expect(wrong).toEqual([]);
});

/** The anchors that GitHub makes of the headings of a page. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** Lines outside of tables, headings and blocks of code. */
function proseOf(text: string): string[] {
  const lines = text.replace(/^ *```.*?^ *```$/gms, '').split('\n');
  return lines.filter((line) => !/^(\||#| {4})/.test(line));
}
