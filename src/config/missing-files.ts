import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Fleet } from './settings.ts';

/** A missing file or folder of the configuration. */
export interface MissingFile {
  /** The setting with its path. */
  setting:
    | 'ansible.playbook'
    | 'ansible.requirements'
    | 'ansible.vaultPasswordFile'
    | 'ansible.files'
    | 'source.repository'
    | 'source.path';
  /** A sentence without the full stop. */
  message: string;
  fix: string;
}

/**
 * Files that a release of the fleet needs and that are missing on disk. The source folder is searched in the work tree
 * only; a commit of another branch may have it, which a release checks.
 */
export function missingFiles({
  app,
  source,
  ansible,
  projectDir,
}: Pick<Fleet, 'app' | 'source' | 'ansible' | 'projectDir'>): MissingFile[] {
  const file = `pipelines/${app}.ts`;
  const found: MissingFile[] = [];
  if (!isKind(ansible.playbook, 'isFile')) {
    found.push({
      setting: 'ansible.playbook',
      message: `there is no playbook ${ansible.playbook}`,
      fix: `write it, or correct ansible.playbook in ${file}`,
    });
  }
  for (const setting of ['requirements', 'vaultPasswordFile'] as const) {
    const named = ansible[setting];
    if (named === undefined || existsSync(named)) continue;
    found.push({
      setting: `ansible.${setting}`,
      message: `there is no file ${named}`,
      fix: `write it, or correct ansible.${setting} in ${file}`,
    });
  }
  for (const named of ansible.files.filter((one) => !existsSync(join(projectDir, one)))) {
    found.push({
      setting: 'ansible.files',
      message: `there is no file or folder ${named} in ${projectDir}`,
      fix: `make it, or take it out of ansible.files in ${file}`,
    });
  }
  if (!isKind(source.repository, 'isDirectory')) {
    found.push({
      setting: 'source.repository',
      message: `there is no folder ${source.repository}`,
      fix: `clone the repository there, or correct source.repository in ${file}`,
    });
  } else if (!isBare(source.repository) && !isKind(join(source.repository, source.path), 'isDirectory')) {
    found.push({
      setting: 'source.path',
      message: `there is no folder ${source.path} in ${source.repository}`,
      fix: `put the app there, or correct source.path in ${file}`,
    });
  }
  return found;
}

/** False also where a part of the path is a file, or links are circular. */
function isKind(path: string, kind: 'isFile' | 'isDirectory'): boolean {
  try {
    return statSync(path)[kind]();
  } catch {
    return false;
  }
}

/** A bare repository has no work tree to search. */
function isBare(repository: string): boolean {
  return ['HEAD', 'objects', 'refs'].every((name) => existsSync(join(repository, name)));
}
