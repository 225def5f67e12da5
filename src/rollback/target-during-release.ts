import { listImages, readImage } from '../aws/images.ts';
import type { VersionMove } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { decideRollback } from './decide.ts';
import { availableIds, launchable } from './launchable-image.ts';
import { chooseRollbackMethod } from './method.ts';
import type { RollbackMethod } from './state.ts';
import { chooseTarget } from './target.ts';

/**
 * The version that a rollback in the course of a release goes to. Once requests may have reached what that release brings, its version
 * is the current one, and the one before it is gone back to; until then the version that still serves is the current one.
 * It refuses what the rollback would refuse, so that no release is ended for nothing. It only reads.
 * @throws PipelineError as {@link decideRollback} does
 */
export async function targetDuringRelease(
  services: Services,
  { version: coming, previous, moved }: VersionMove,
  { version, force, method = 'auto' }: { version?: string; force: boolean; method?: 'auto' | RollbackMethod },
): Promise<string> {
  const { fleet, ledger, aws } = services;
  // The end of that release is all that it takes.
  if (!moved && version !== undefined && version === previous) return version;
  if (!moved) return (await decideRollback(services, { version, force, method, supersede: true })).target.version;
  const [releases, own] = await Promise.all([
    ledger.releases(fleet.app),
    listImages(aws.ec2, fleet.app, fleet.environment),
  ]);
  const there = availableIds(own);
  const target = chooseTarget(releases, { app: fleet.app, version, force, serving: coming, unfinished: true, there });
  await launchable(services, target.image && (await readImage(aws.ec2, target.image.imageId)), target, releases, {
    named: version !== undefined,
  });
  // Which hosts can switch is known only after that release; which methods the fleet does not have at all, already now.
  const open = { open: true, why: 'known when the release has finished' };
  const switches = fleet.release.strategy === 'blue-green' ? { switch: open } : {};
  chooseRollbackMethod({ ...switches, 'in-place': open, rolling: open }, method);
  return target.version;
}
