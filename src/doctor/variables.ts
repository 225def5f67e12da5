import { missingFiles } from '../config/missing-files.ts';
import { unsetVariables } from '../config/unset-variables.ts';
import { type Check, error, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** Variables of plays that have no value here; a release would refuse them. */
export function variableChecks({ fleet }: Pick<DoctorServices, 'fleet'>): Check[] {
  const run = async () =>
    unsetVariables(fleet.ansible.variables).map((path) =>
      warning(
        'config.unset-variable',
        `ansible.variables.${path} has no value: a release is refused`,
        `set the shell variable that pipelines/${fleet.app}.ts reads it from`,
      ),
    );
  return [{ id: 'config.unset-variable', run }];
}

/** Looked at by play-files.ts, which says more. */
const elsewhere = ['ansible.requirements', 'ansible.vaultPasswordFile'];

/** Files that the configuration names and that are not there. Without its playbook nothing can be released; the folder may be in a commit. */
export function fileChecks({ fleet }: Pick<DoctorServices, 'fleet'>): Check[] {
  const run = async () =>
    missingFiles(fleet)
      .filter(({ setting }) => !elsewhere.includes(setting))
      .map(({ setting, message, fix }) =>
        (setting === 'source.path' ? warning : error)('config.missing-file', `${setting}: ${message}`, fix),
      );
  return [{ id: 'config.missing-file', run }];
}
