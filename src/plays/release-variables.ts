import type { Fleet } from '../config/settings.ts';
import type { ReleaseAction, ReleaseVariables } from '../hosts/types.ts';
import { sentryRelease } from '../notify/targets/sentry.ts';
import { cleanVariables } from './clean.ts';
import type { BuildFacts, PlayFacts } from './facts.ts';

/** Variables of one play of a release; `run` and `archive` are known once there is a run. */
export function releaseVariables(
  fleet: Fleet,
  { version, commit, current, project, bake }: BuildFacts & { bake?: PlayFacts['bake'] },
  action: ReleaseAction,
  { run, archive }: { run?: string; archive?: string } = {},
): ReleaseVariables {
  return {
    // A team may have set them for itself.
    release_health_timeout: fleet.release.timeouts.health,
    release_takeover_timeout: fleet.release.inPlace.timeoutSeconds,
    ...fleet.ansible.variables,
    ...cleanVariables(fleet),
    release_action: action,
    release_app: fleet.app,
    release_version: version,
    release_commit: commit,
    ...(project?.commit === undefined ? {} : { release_project_commit: project.commit }),
    ...(archive === undefined ? {} : { release_archive: archive }),
    ...(current.version === undefined ? {} : { release_previous: current.version }),
    release_port: fleet.service.port,
    release_staging_port: fleet.service.stagingPort,
    release_health_path: fleet.service.healthPath,
    ...(run === undefined ? {} : { release_run: run }),
    ...(Object.keys(fleet.secrets).length > 0 && { release_secrets: fleet.secrets }),
    ...(fleet.notify.targets.some(({ to }) => to === 'sentry') && {
      release_exports: { SENTRY_RELEASE: sentryRelease(fleet.app, commit) },
    }),
    release_keep: fleet.release.keepOnHost,
    release_builder: bake === 'builder',
  };
}
