/** Metadata by path: a text, one that is made when it is requested, or a folder. Undefined is not there. */
export interface Tree {
  [name: string]: Tree | string | (() => string) | undefined;
}

/** The text at a path: a value, or a folder's list, folders in it with a slash; undefined where there is nothing. */
export function readTree(tree: Tree, path: string): string | undefined {
  const names = path.split('/').filter(Boolean);
  let at: Tree[string] = tree;
  for (const name of names) {
    if (typeof at !== 'object' || !Object.hasOwn(at, name)) return undefined;
    at = at[name];
  }
  if (typeof at === 'function') return at();
  if (typeof at !== 'object') return at;
  return Object.entries(at)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => (typeof value === 'object' ? `${name}/` : name))
    .join('\n');
}
