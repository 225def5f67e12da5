import type { Fleet } from '../config/settings.ts';
import { releaseRoot } from '../fleet/release-root.ts';
import type { ReleaseState } from '../fleet/services.ts';
import type { PlainVariables } from '../hosts/types.ts';

/** Variables of a plain playbook; `run` is known once there is one, and `more` is what the pipeline's own plays get. */
export function plainVariables(
  fleet: Fleet,
  { version, commit, current, project }: Pick<ReleaseState, 'version' | 'commit' | 'current' | 'project'>,
  { run, ...more }: { run?: string; plain_action?: string; release_archive?: string; [more: string]: unknown } = {},
): PlainVariables {
  return {
    ...fleet.ansible.variables,
    ...more,
    release_app: fleet.app,
    release_version: version,
    release_commit: commit,
    ...(project?.commit === undefined ? {} : { release_project_commit: project.commit }),
    release_source: sourceFolder(fleet),
    ...(current.version === undefined ? {} : { release_previous: current.version }),
    release_port: fleet.service.port,
    release_health_path: fleet.service.healthPath,
    ...(run === undefined ? {} : { release_run: run }),
  };
}

/** Folder of the commit's files on the host. */
export function sourceFolder(fleet: Pick<Fleet, 'app' | 'ansible'>): string {
  return `${releaseRoot(fleet)}/source`;
}
