import { posix } from 'node:path';
import type { Isolated } from './isolated.ts';
import { objectsMissing, type TreeEntry } from './tree.ts';

/** The attributes of a file in a commit. */
export interface Attributes {
  /** False for a file that `export-ignore` excludes, by itself or with its folder. */
  isExported(name: string): boolean;
  /** Name of the filter, if any. */
  filterOf(name: string): string | undefined;
}

/** Reads the attributes that a commit's own `.gitattributes` set on files. */
export async function readAttributes(view: Isolated, commit: string, files: readonly TreeEntry[]): Promise<Attributes> {
  const read = await view.git(['read-tree', commit]);
  if (read.exitCode !== 0) throw objectsMissing(commit, read.stderr);
  // As git archive looks them up: a folder has a slash at its end.
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
