import { PipelineError } from '@golden-pipeline/shared/errors';
import { groupInstances } from '../aws/instances.ts';
import { baseOf } from '../changes/base-of.ts';
import { projectPaths } from '../changes/read-changes.ts';
import { readDrift } from '../fleet/drift/read-drift.ts';
import { type Observation, observeFleet } from '../fleet/observe.ts';
import { assertReady } from '../fleet/ready.ts';
import type { Services } from '../fleet/services.ts';
import { projectRepository } from '../hosts/project/place.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import { placeOf } from '../plays/project-files.ts';
import { configurationDigest } from './configuration-digest.ts';
import { assertAcceptsRelease } from './refusals.ts';
import type { ReleaseState } from './state.ts';

/**
 * The release that serves, where a release with these facts would only make it once more: of the same commit, built by the same files and
 * settings, on the same base image. What serves is seen on the fleet, and hosts report it. Undefined where there is something to release or to
 * put right: drift, instances that are unhealthy or on their way, a refresh, a part of the traffic elsewhere, what the ledger does not
 * know. It only reads.
 */
export async function findServing(services: Services, state: ReleaseState): Promise<ReleaseRecord | undefined> {
  const { fleet, ledger } = services;
  const { version } = state.current;
  const release = version === undefined ? undefined : await ledger.release(fleet.app, version);
  if (!release || !(await isSame(services, state, release))) return undefined;
  return (await servesWhole(services, state)) ? release : undefined;
}

async function isSame(services: Services, state: ReleaseState, release: ReleaseRecord): Promise<boolean> {
  const { fleet, ledger } = services;
  const { commit, run, configuration } = release;
  if (commit !== state.commit || release.state !== 'released' || release.rolledBackAt !== undefined) return false;
  // It was requested to be recorded as such.
  if (state.irreversible !== undefined && release.irreversible === undefined) return false;
  // It was left out, or there was none then.
  if (state.migration && release.migration !== 'run') return false;
  if (configuration === undefined || configuration !== configurationDigest(fleet, run)) return false;
  if (state.base && state.base.imageId !== baseOf(await ledger.releases(fleet.app)).get(release.version)) return false;
  return isSameProject(services, state, release);
}

/** Whether the files that decide how hosts are built are the same; a snapshot of uncommitted ones is compared with nothing. */
async function isSameProject(
  { fleet }: Services,
  { project }: ReleaseState,
  { projectCommit, projectSnapshot }: ReleaseRecord,
): Promise<boolean> {
  if (!project?.commit || project.snapshot || projectCommit === undefined || projectSnapshot) return false;
  if (project.commit === projectCommit) return true;
  const place = placeOf(fleet);
  const repository = await projectRepository(place);
  if (!repository) return false;
  const changed = await projectPaths(place, repository, { projectCommit }, { projectCommit: project.commit });
  return changed?.length === 0;
}

/** Whether the whole fleet is at rest, healthy, and on what was planned for. */
async function servesWhole(services: Services, state: ReleaseState): Promise<boolean> {
  const seen = await observeFleet(services);
  const { facts, live, healthy } = seen;
  const { imageId, version } = facts.current;
  if (imageId === undefined || imageId !== state.current.imageId || version !== state.current.version) return false;
  if (facts.group !== state.group || live.desired === 0) return false;
  if (healthy.length !== live.desired || live.instances.length !== live.desired) return false;
  return (await isRefused(services, state, seen)) ? false : isOnImage(services, seen);
}

/** What keeps a release from beginning is reported by the release. */
async function isRefused(services: Services, state: ReleaseState, seen: Observation): Promise<boolean> {
  try {
    await assertReady(services, seen);
    await assertAcceptsRelease({ services, state, note: () => {}, run: { id: '' } }, seen);
    return false;
  } catch (error) {
    if (error instanceof PipelineError) return true;
    throw error;
  }
}

/** Every instance is from the image that is launched, and the hosts that were queried serve its version. */
async function isOnImage(services: Services, seen: Observation): Promise<boolean> {
  const { imageId } = seen.facts.current;
  const [{ drifts }, instances] = await Promise.all([
    readDrift(services, { seen, ask: true }),
    groupInstances(services.aws.ec2, seen.facts.group),
  ]);
  const members = new Set(seen.healthy);
  const serving = instances.filter(({ id }) => members.has(id));
  return drifts.length === 0 && serving.length === members.size && serving.every((one) => one.imageId === imageId);
}
