import { listImages, readImage } from '../aws/images.ts';
import type { RollbackHow, Services } from '../fleet/services.ts';
import type { ReleaseUnderWay } from '../release/active-release.ts';
import { decideRollback } from './decide.ts';
import { availableIds, launchable } from './launchable-image.ts';
import { chooseRollbackWay } from './method.ts';
import { chooseTarget } from './target.ts';

/**
 * The version that a rollback in the course of a release goes to. Once requests may have reached what that release brings, its version
 * is the current one, and the one before it is gone back to; until then the version that still serves is the current one.
 * It refuses what the rollback would refuse, so that no release is ended for nothing. It only reads.
 * @throws PipelineError as {@link decideRollback} does
 */
export async function targetOver(
  services: Services,
  { version: coming, previous, moved }: ReleaseUnderWay,
  { version, force, how = 'auto' }: { version?: string; force: boolean; how?: 'auto' | RollbackHow },
): Promise<string> {
  const { fleet, ledger, aws } = services;
  // The end of that release is all that it takes.
  if (!moved && version !== undefined && version === previous) return version;
  if (!moved) return (await decideRollback(services, { version, force, how, supersede: true })).target.version;
  const [releases, own] = await Promise.all([
    ledger.releases(fleet.app),
    listImages(aws.ec2, fleet.app, fleet.environment),
  ]);
  const there = availableIds(own);
  const target = chooseTarget(releases, { app: fleet.app, version, force, serving: coming, unfinished: true, there });
  await launchable(services, target.image && (await readImage(aws.ec2, target.image.imageId)), target, releases, {
    named: version !== undefined,
  });
  // Which hosts can switch is known only after that release; which ways the fleet does not have at all, already now.
  const open = { open: true, why: 'known when the release has ended' };
  const switches = fleet.release.strategy === 'blue-green' ? { switch: open } : {};
  chooseRollbackWay({ ...switches, flip: open, roll: open }, how);
  return target.version;
}
