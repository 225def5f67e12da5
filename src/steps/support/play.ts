import type { ReleaseAction, ReleaseVariables } from '../../hosts/types.ts';
import { PipelineError } from '../../shared/errors.ts';
import type { ReleaseContext } from '../services.ts';
import { readBack } from './read-back.ts';

/**
 * Runs one action of the app's playbook on the bake host or builder, with its tasks as progress, and reads back that it is done.
 * @throws PipelineError as `Hosts.play`; `ansible.not-applied` when the host is not as the action leaves it
 */
export async function playRelease(context: ReleaseContext, action: ReleaseAction, archive?: string): Promise<void> {
  const { fleet, hosts } = context.services;
  const { host, version, commit, current, bake } = context.state;
  if (!host) throw new Error('the run has no host to work on');
  const { timeouts, flip, keepOnHost } = fleet.release;
  const variables: ReleaseVariables = {
    // A team may have set them for itself.
    release_health_timeout: timeouts.health,
    release_takeover_timeout: flip.timeoutSeconds,
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
    release_keep: keepOnHost,
    release_builder: bake === 'builder',
  };
  try {
    await hosts.play(host, fleet.ansible.playbook, variables, {
      // The wait for the service's health comes on top of the work.
      timeoutMs: (timeouts.ansible + timeouts.health) * 1000,
      onTask: (task) => context.progress(task.name),
      signal: context.signal,
    });
  } catch (error) {
    // A playbook that does not reach the host has built nothing there: what the host holds says whether something is left.
    const reachedNone = error instanceof PipelineError && error.code === 'ansible.no-hosts';
    if (action !== 'unstage' || !reachedNone) throw error;
  }
  await readBack(context, host, action);
}
