import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { delayProfiles } from '../../src/settings.ts';

const root = join(import.meta.dirname, '../../../..');
const id = '(?:EC2|ASG|ELB|S3|STS|IAM|SSM|SEC|CLD)-[A-Z]{2,3}-\\d{2}';
const specification = await readFile(join(root, 'packages/local-cloud/BEHAVIOUR.md'), 'utf8');
const stated = [...specification.matchAll(new RegExp(`^- \\*\\*(${id})\\*\\* `, 'gm'))].map(([, found]) => found ?? '');

/** Ids that titles of tests begin with. */
async function tested(): Promise<Set<string>> {
  // Tests of the pipeline may hold the local cloud to a statement as well.
  const folders = ['packages/local-cloud/test', 'test'].map((folder) => join(root, folder));
  const files = await Promise.all(
    folders.map(async (folder) => (await readdir(folder, { recursive: true })).map((file) => join(folder, file))),
  );
  const sources = files.flat().filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(sources.map((file) => readFile(file, 'utf8')));
  const title = new RegExp(`\\bit(?:\\.\\w+\\([^)]*\\))?\\(\\s*['"\`](${id}) `, 'g');
  return new Set(texts.flatMap((text) => [...text.matchAll(title)].map(([, found]) => found ?? '')));
}

describe('the behavior specification', () => {
  it('has a test for each statement, and a statement for each test that names one', async () => {
    expect([...(await tested())].sort()).toEqual([...stated].sort());
    expect(stated.length).toBeGreaterThan(140);
  });

  it('gives each id to one statement, and refers to ids that exist', () => {
    expect(stated.filter((one, at) => stated.indexOf(one) !== at)).toEqual([]);
    const named = [...specification.matchAll(new RegExp(`\\b${id}\\b`, 'g'))].map(([found]) => found);
    expect([...new Set(named)].sort()).toEqual([...stated].sort());
  });

  it('lists the delays of the settings', () => {
    const rows = [...specification.matchAll(/^\| `(\w+)` \|[^|]*\| ([\d,]+) \| ([\d,]+) \|$/gm)];
    const number = (text = '') => Number(text.replaceAll(',', ''));
    const listed = (column: number) => Object.fromEntries(rows.map((row) => [row[1], number(row[column])]));
    expect({ quick: listed(2), aws: listed(3) }).toEqual(delayProfiles);
  });
});
