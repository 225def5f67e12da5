import { unsetVariables } from '../../config/unset-variables.ts';
import { type Look, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** Variables of plays that have no value here; a release would refuse them. */
export function variableLooks({ fleet }: DoctorServices): Look[] {
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
