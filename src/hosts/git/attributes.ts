import { posix } from 'node:path';
import type { Isolated } from './isolated.ts';
import { objectsMissing, type TreeEntry } from './tree.ts';

/** What the attributes of a commit say about files of it. */
export interface Attributes {
  /** False for what `export-ignore` leaves out, by itself or by a folder that it is in. */
  isExported(name: string): boolean;
  /** Name of the filter; undefined for none. */
  filterOf(name: string): string | undefined;
}

/** The attributes that a commit's own `.gitattributes` give to files. */
export async function readAttributes(view: Isolated, commit: string, files: readonly TreeEntry[]): Promise<Attributes> {
  const read = await view.git(['read-tree', commit]);
  if (read.exitCode !== 0) throw objectsMissing(commit, read.stderr);
  // As git archive asks for them: a folder with a slash at its end.
  const folders = new Set(files.flatMap(({ name }) => foldersOf(name)));
  const names = [...folders, ...files.map(({ name }) => name)];
  const { stdout } = await view.git(['check-attr', '-z', '--stdin', '--cached', 'filter', 'export-ignore'], {
    input: Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1'),
  });
  const filters = new Map<string, string>();
  const ignored = new Set<string>();
  const words = stdout.split('\0');
  for (let at = 0; at + 2 < words.length; at += 3) {
    const [name = '', attribute, value = ''] = words.slice(at, at + 3);
    if (attribute === 'export-ignore' && value === 'set') ignored.add(name);
    if (attribute === 'filter' && !['unspecified', 'unset', 'set'].includes(value)) filters.set(name, value);
  }
  return {
    isExported: (name) => ![name, ...foldersOf(name)].some((one) => ignored.has(one)),
    filterOf: (name) => filters.get(name),
  };
}

function foldersOf(name: string): string[] {
  const folder = posix.dirname(name);
  return folder === '.' ? [] : [...foldersOf(folder), `${folder}/`];
}
