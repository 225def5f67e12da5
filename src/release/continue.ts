import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Replay } from '../engine/journal.ts';
import { servesOtherwise } from '../fleet/serves-otherwise.ts';
import type { Services } from '../fleet/services.ts';
import { hasCommit, resolveCommit } from '../hosts/git/refs.ts';
import { projectRepository } from '../hosts/project/place.ts';
import { planProject } from '../hosts/project/plan.ts';
import { placeOf } from '../plays/project-files.ts';
import type { ReleaseState } from './state.ts';

/** Why an unfinished release cannot go on, undefined when it can. It only reads. */
export async function cannotContinue(journal: Replay, services: Services): Promise<string | undefined> {
  const state = journal.state as unknown as ReleaseState;
  const half = halfCleaned(journal);
  if (half !== undefined) return half;
  const { repository } = services.fleet.source;
  if (!(await hasCommit(repository, state.commit))) {
    return `commit ${state.commit.slice(0, 12)} is not in ${repository}; fetch it`;
  }
  const project = state.project?.commit;
  const place = placeOf(services.fleet);
  const root = project === undefined ? undefined : (await projectRepository(place))?.root;
  if (project !== undefined && (root === undefined || !(await hasCommit(root, project)))) {
    return `commit ${project.slice(0, 12)} of the project is not in ${place.projectDir}; fetch it`;
  }
  return servesOtherwise(services, state);
}

/** A host whose cleaning was cut off lets nobody in who could tell whether it is clean: it must not become an image. */
function halfCleaned({ changes }: Replay): string | undefined {
  const made = [...changes.values()].filter((change) => !change.undoing);
  const cleaning = made.findLast((change) => change.action === 'clean-host');
  if (!cleaning || (cleaning.result !== undefined && cleaning.error === undefined)) return undefined;
  return `${cleaning.target} may have been cleaned in part only`;
}

/** Whether its ref, and the project, still name the commits that an unfinished release was made from. */
export async function isSameRequest(journal: Replay, { fleet }: Services): Promise<boolean> {
  const { ref, commit, project } = journal.state as unknown as ReleaseState;
  const { repository } = fleet.source;
  try {
    if ((await resolveCommit({ repository, ref })) !== commit) return false;
    if (project?.snapshot) return false;
    const now = await planProject(placeOf(fleet), {}, { repository, commit, named: ref !== 'HEAD' });
    return now.commit === project?.commit;
  } catch (error) {
    // The release itself says what is wrong with them.
    if (error instanceof PipelineError) return false;
    throw error;
  }
}
