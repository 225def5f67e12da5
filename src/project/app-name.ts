import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { appPattern, sharedName } from '../config/names.ts';

/** A name for the app of a folder: that of its package, else the folder's own; undefined when neither can be made one. */
export async function suggestName(folder: string): Promise<string | undefined> {
  const manifest = await readFile(join(folder, 'package.json'), 'utf8')
    .then((text) => JSON.parse(text) as { name?: unknown })
    .catch(() => undefined);
  const names = [manifest?.name, basename(folder)].flatMap((name) => (typeof name === 'string' ? [toName(name)] : []));
  return names.find((name) => appPattern.test(name) && name !== sharedName);
}

/** `@acme/Shop_API` is `shop-api`. */
const toName = (text: string): string =>
  text
    .replace(/^@[^/]*\//, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 21)
    .replace(/-+$/, '');
