import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { usageError } from '../shared/errors.ts';

/** Programs that a release runs on this machine, with the Debian package that brings each. */
const programs: Record<string, string> = {
  git: 'git',
  ssh: 'openssh-client',
  'ansible-playbook': 'ansible-core',
};

/**
 * Makes sure that every program is there before anything is begun.
 * @param path Folders to look in, as in the variable PATH.
 * @throws usage error `tools.missing` naming each one and the packages to install.
 */
export function assertTools(path = process.env.PATH ?? ''): void {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  const missing = Object.keys(programs).filter((name) => !folders.some((folder) => isExecutable(join(folder, name))));
  if (missing.length === 0) return;
  const packages = missing.map((name) => programs[name]).join(' ');
  throw usageError('tools.missing', `not found on this machine: ${missing.join(', ')}`, `apt-get install ${packages}`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
