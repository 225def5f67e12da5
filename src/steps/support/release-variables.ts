import type { Fleet } from '../../config/settings.ts';
import type { ReleaseAction, ReleaseVariables } from '../../hosts/types.ts';
import type { ReleaseState } from '../services.ts';

/** Variables of one play of a release; `run` and `archive` are known once there is a run. */
export function releaseVariables(
  fleet: Fleet,
  { version, commit, current }: Pick<ReleaseState, 'version' | 'commit' | 'current'>,
  action: ReleaseAction,
  { run, archive }: { run?: string; archive?: string } = {},
): ReleaseVariables {
  return {
    ...fleet.ansible.variables,
    release_action: action,
    release_app: fleet.app,
    release_version: version,
    release_commit: commit,
    ...(archive === undefined ? {} : { release_archive: archive }),
    ...(current.version === undefined ? {} : { release_previous: current.version }),
    release_port: fleet.service.port,
    release_staging_port: fleet.service.stagingPort,
    release_health_path: fleet.service.healthPath,
    ...(run === undefined ? {} : { release_run: run }),
    release_keep: fleet.release.keepOnHost,
  };
}
