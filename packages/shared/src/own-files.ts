import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A file that comes with the product, such as `ansible/plain.yml`: looked for in the folder of the code and then in each folder above,
 * because the code may run from its sources, or from bundles of any depth in a clone or an installed package.
 * @param names paths of the file, relative to any of those folders; in each folder the first one that exists is taken
 * @returns its absolute path; undefined when the installation is incomplete
 */
export function ownFile(names: readonly string[], from = dirname(fileURLToPath(import.meta.url))): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = names.map((name) => join(folder, name)).find((file) => existsSync(file));
    if (found !== undefined || folder === dirname(folder)) return found;
  }
}
