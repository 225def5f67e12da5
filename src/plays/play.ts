import { PipelineError } from '@golden-pipeline/shared/errors';
import { need } from '../engine/need.ts';
import type { ContextWith } from '../fleet/services.ts';
import type { ReleaseAction, ReleaseVariables, TaskChange } from '../hosts/types.ts';
import { keepingChanges } from './changed-outside.ts';
import type { PlayFacts } from './facts.ts';
import { keepLost } from './lost-identity.ts';
import { projectFiles } from './project-files.ts';
import { readBack } from './read-back.ts';
import { releaseVariables } from './release-variables.ts';

/**
 * Runs one action of the app's playbook on the bake instance or builder, with its tasks as progress, and reads back that it is done.
 * @throws PipelineError as `Hosts.play` and {@link projectFiles}; `ansible.not-applied` when the host is not as the action leaves it
 */
export async function playRelease(
  context: ContextWith<PlayFacts>,
  action: ReleaseAction,
  archive?: string,
  extra: Partial<ReleaseVariables> = {},
): Promise<void> {
  const { fleet, hosts } = context.services;
  const { timeouts } = fleet.release;
  const host = need(context.state, 'host');
  const variables = { ...releaseVariables(fleet, context.state, action, { run: context.run.id, archive }), ...extra };
  const { playbook, projectDir } = await projectFiles(context, action);
  let changes: TaskChange[] = [];
  try {
    await keepingChanges(context, action, (onChanges) =>
      hosts.play(host, playbook, variables, {
        projectDir,
        // The wait for the service's health comes on top of the work.
        timeoutMs: (timeouts.ansible + timeouts.health) * 1000,
        onTask: (task) => context.progress(task.name),
        onChanges: (made) => {
          changes = made;
          onChanges(made);
        },
        signal: context.signal,
      }),
    );
  } catch (error) {
    // A playbook that does not reach the host has built nothing there: what the host holds says whether something is left.
    const reachedNone = error instanceof PipelineError && error.code === 'ansible.no-hosts';
    if (action !== 'unstage' || !reachedNone) throw error;
  } finally {
    await keepLost(context, changes);
  }
  await readBack(context, host, action);
}
