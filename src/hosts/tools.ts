import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { usageError } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';

/** Programs that a release runs on this computer, with the Debian package of each. */
const programs: Record<string, string> = {
  git: 'git',
  ssh: 'openssh-client',
  'ansible-playbook': 'ansible-core',
};
/** Additional programs for Session Manager; the plugin is not a Debian package. */
const sessionPrograms: Record<string, string> = { aws: 'awscli', 'session-manager-plugin': '' };
const pluginFix =
  'install the plugin: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html';

/**
 * Lists the missing programs.
 * @param via how hosts are reached: `direct` checks the programs of every release, `ssm` those of its sessions as well
 * @param path Folders to look in, as in the variable PATH.
 */
export function missingTools(
  via: NonNullable<Fleet['ssh']['via']>,
  path = process.env.PATH ?? '',
): { name: string; fix: string }[] {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  return Object.entries(via === 'ssm' ? sessionPrograms : programs)
    .filter(([name]) => !folders.some((folder) => isExecutable(join(folder, name))))
    .map(([name, debian]) => ({ name, fix: debian === '' ? pluginFix : `apt-get install ${debian}` }));
}

/**
 * Checks that every program is installed before anything is started.
 * @param ssh How hosts are reached.
 * @param path Folders to look in, as in the variable PATH.
 * @throws usage error `tools.missing` naming each one and what to install.
 */
export function assertTools(ssh: Pick<Fleet['ssh'], 'via'>, path = process.env.PATH ?? ''): void {
  const missing = [...missingTools('direct', path), ...(ssh.via === 'ssm' ? missingTools('ssm', path) : [])];
  if (missing.length === 0) return;
  const install = 'apt-get install ';
  const packages = missing.flatMap(({ fix }) => (fix.startsWith(install) ? [fix.slice(install.length)] : []));
  const others = missing.flatMap(({ fix }) => (fix.startsWith(install) ? [] : [fix]));
  const fix = [...(packages.length > 0 ? [`${install}${packages.join(' ')}`] : []), ...others].join('; ');
  throw usageError('tools.missing', `not found on this computer: ${missing.map(({ name }) => name).join(', ')}`, fix);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
