import type { ReleaseAction } from '../../hosts/types.ts';
import type { ReleaseContext } from '../services.ts';

/** Runs one action of the app's playbook on the bake host or builder, with its tasks as progress. */
export async function playRelease(context: ReleaseContext, action: ReleaseAction, archive?: string): Promise<void> {
  const { fleet, hosts } = context.services;
  const { host, version, commit, current } = context.state;
  if (!host) throw new Error('the run has no host to work on');
  await hosts.play(
    host,
    fleet.ansible.playbook,
    {
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
      release_run: context.run.id,
      release_keep: fleet.release.keepOnHost,
    },
    {
      timeoutMs: fleet.release.timeouts.ansible * 1000,
      onTask: (task) => context.progress(task.name),
      signal: context.signal,
    },
  );
}
