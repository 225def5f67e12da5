import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { ownAnsibleFolder } from '../../hosts/ansible-files.ts';

/** The roles of the pipeline that may have tasks in a release. */
const ownRoles = ['release', 'node', 'python', 'ruby'] as const;
export type OwnRole = (typeof ownRoles)[number];

/** Parts of a role that run nothing: variables, dependencies (which are roles of their own), documentation. */
const quiet = ['defaults', 'vars', 'meta', 'README.md'];

/** The pipeline's role that a role is called as, also one of a collection; undefined for another one. */
export function ownRole(name: string | undefined): OwnRole | undefined {
  const last = name?.split('.').at(-1);
  return ownRoles.find((own) => own === last);
}

/**
 * How a role differs from the pipeline's of that name: `tasks/stage.yml`, the first file of what it runs; undefined when it does not,
 * whether it is the very one or a copy. A project may have a role of its own with this name, or have edited its copy.
 */
export async function differenceToOwn(name: OwnRole, folder: string): Promise<string | undefined> {
  const own = join(ownAnsibleFolder(), 'roles', name);
  if (resolve(folder) === resolve(own)) return undefined;
  const [expected, found] = await Promise.all([filesOf(own), filesOf(folder)]);
  for (const file of [...new Set([...expected, ...found])].sort()) {
    const [a, b] = await Promise.all([own, folder].map((one) => readFile(join(one, file)).catch(() => undefined)));
    if (!a || !b || !a.equals(b)) return file;
  }
  return undefined;
}

async function filesOf(folder: string): Promise<string[]> {
  const parts = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return parts
    .filter((one) => !one.isDirectory())
    .map((one) => relative(folder, join(one.parentPath, one.name)))
    .filter((file) => !quiet.includes(file.split('/')[0] ?? ''));
}
