import { messageOf } from '@golden-pipeline/shared/errors';
import type { ReleaseContext, Services } from '../fleet/services.ts';
import { ignoredFiles } from '../hosts/git/work-tree.ts';
import { checkoutProject, type ProjectFiles } from '../hosts/project/checkout.ts';
import {
  isGiven,
  missingFile,
  type ProjectPlace,
  type ProjectSource,
  projectRepository,
  watchedPaths,
} from '../hosts/project/place.ts';
import { assertPlayable } from '../hosts/project/playable.ts';
import { takeSnapshot } from '../hosts/project/snapshot.ts';
import type { ReleaseAction } from '../hosts/types.ts';

/** What undoes or gives back: it must never wait for a commit that is not to be had. */
const undoing: readonly ReleaseAction[] = ['revert', 'unstage'];

/** Where a fleet's plays are. */
export function placeOf({ projectDir, ansible }: Services['fleet']): ProjectPlace {
  return { projectDir, playbook: ansible.playbook, files: ansible.files };
}

/** Lines of the plan: where plays are run from, and what of the work tree they do not see. */
export async function describeProject(fleet: Services['fleet'], project?: ProjectSource): Promise<string[]> {
  if (!project) return [];
  if (project.commit === undefined) {
    return ['plays run from the files of the project as they are now, which are recorded as a snapshot'];
  }
  const unseen = await unseenFiles(placeOf(fleet));
  const more = unseen.length > 3 ? ` and ${unseen.length - 3} more` : '';
  return [
    `plays run from commit ${project.commit.slice(0, 12)} of the project`,
    ...(unseen.length === 0
      ? []
      : [`they do not see what git ignores and ansible.files does not name: ${unseen.slice(0, 3).join(', ')}${more}`]),
  ];
}

/** What git ignores in the playbook's folder, and plays do not get. An undo is planned, too, where git or the project is gone. */
async function unseenFiles(place: ProjectPlace): Promise<string[]> {
  try {
    return await ignoredBeside(place);
  } catch {
    return [];
  }
}

async function ignoredBeside(place: ProjectPlace): Promise<string[]> {
  const repository = await projectRepository(place);
  const [folder] = repository ? watchedPaths(place, repository.prefix) : [];
  if (!repository || folder === undefined || folder === '.') return [];
  const ignored = await ignoredFiles(repository.root, [folder]);
  return ignored.filter((name) => !isGiven(place, repository.prefix, name) && !/__pycache__|\.retry$/.test(name));
}

/** The run's commit of the project, a snapshot taken now where that was planned; undefined in a run from before it was kept. */
export async function recordProject({ services, state }: ReleaseContext): Promise<ProjectSource | undefined> {
  const { project } = state;
  if (!project || project.commit !== undefined) return project;
  const place = placeOf(services.fleet);
  const commit = await takeSnapshot(place);
  const repository = await projectRepository(place);
  if (repository) await assertPlayable(place, { repository: repository.root, prefix: repository.prefix, commit });
  return { ...project, commit };
}

/** Where plays of a release are going to be run from, before there is a run; the work tree where a snapshot of it is still to be taken. */
export async function plannedFiles(
  { fleet, workDir }: Pick<Services, 'fleet' | 'workDir'>,
  { commit }: ProjectSource,
): Promise<ProjectFiles> {
  const place = placeOf(fleet);
  return commit === undefined ? place : checkoutProject(place, { commit, parent: workDir });
}

/**
 * Where the run's plays are: a checkout of its commit of the project. What undoes goes on from the work tree when that is not to be had.
 * @throws usage errors of {@link checkoutProject}, for an action that builds
 */
export async function projectFiles(context: ReleaseContext, action: ReleaseAction): Promise<ProjectFiles> {
  const { fleet, workDir } = context.services;
  const { project } = context.state;
  const place = placeOf(fleet);
  if (project?.commit === undefined) return place;
  const request = { commit: project.commit, parent: workDir, signal: context.signal };
  if (!undoing.includes(action)) return checkoutProject(place, request);
  try {
    return await checkoutProject(withoutMissing(place), request);
  } catch (error) {
    context.signal.throwIfAborted();
    context.note(`${action} runs from the work tree of ${fleet.projectDir}, as it is now: ${messageOf(error)}`);
    return place;
  }
}

/** Files that are not there keep nobody from an undo; its plays seldom need them. */
function withoutMissing(place: ProjectPlace): ProjectPlace {
  return { ...place, files: place.files.filter((file) => missingFile({ ...place, files: [file] }) === undefined) };
}
