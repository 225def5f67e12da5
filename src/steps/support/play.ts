import type { ReleaseAction, ReleaseVariables } from '../../hosts/types.ts';
import { PipelineError } from '../../shared/errors.ts';
import type { ReleaseContext } from '../services.ts';
import { projectFiles } from './project.ts';
import { readBack } from './read-back.ts';

/**
 * Runs one action of the app's playbook on the bake host or builder, with its tasks as progress, and reads back that it is done.
 * @throws PipelineError as `Hosts.play` and {@link projectFiles}; `ansible.not-applied` when the host is not as the action leaves it
 */
export async function playRelease(context: ReleaseContext, action: ReleaseAction, archive?: string): Promise<void> {
  const { fleet, hosts } = context.services;
  const { host, version, commit, current, project } = context.state;
  if (!host) throw new Error('the run has no host to work on');
  const variables: ReleaseVariables = {
    ...fleet.ansible.variables,
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
    release_run: context.run.id,
    release_keep: fleet.release.keepOnHost,
  };
  const { playbook, projectDir } = await projectFiles(context, action);
  try {
    await hosts.play(host, playbook, variables, {
      projectDir,
      timeoutMs: fleet.release.timeouts.ansible * 1000,
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
