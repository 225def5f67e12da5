import { leastRestartSeconds } from '../../analysis/coverage.ts';
import { watchWindow } from '../../analysis/window.ts';
import { tagKnownGood } from '../../aws/images.ts';
import { tryReleaseClaim } from '../../fleet/claim.ts';
import type { ImageFacts } from '../../fleet/facts.ts';
import type { ContextWith, StepWith } from '../../fleet/services.ts';
import type { RollFacts } from '../state.ts';

/** Watches the rolled fleet for the verify window; a persistent failure fails the run, which rolls back automatically. */
export const verify: StepWith<RollFacts> = {
  id: 'verify',
  title: 'Verify the fleet',
  // What has served the whole window is not undone because of a late Ctrl-C.
  commits: true,
  describe: ({ state, services: { fleet } }) => [
    `for ${fleet.release.verifySeconds} s: target health, and ${fleet.release.smokeTests.length} smoke test(s) through the balancer`,
    ...(state.current.version === undefined
      ? []
      : [`errors and times of answers, compared with those of ${state.current.version} before`]),
    ...(fleet.release.watch.restarts && fleet.release.verifySeconds >= leastRestartSeconds
      ? ['restarts of the service, counted on 10 instances at most']
      : []),
    ...(fleet.release.alarms.length > 0 ? [`alarms: ${fleet.release.alarms.join(', ')}`] : []),
    'a persistent failure rolls back by itself; without one the release is known-good',
  ],
  async run(context) {
    await watchWindow(context, 'verify', {
      seconds: context.services.fleet.release.verifySeconds,
      failed: { code: 'verify.failed', message: `${context.state.version} does not serve as it should` },
    });
    await markKnownGood(context);
    // What follows changes nothing of the fleet, and a run that is interrupted there must keep nobody away.
    await tryReleaseClaim(context);
  },
};

/**
 * What has served the whole window is known-good: image and ledger record it.
 * @param options.unrecorded The ledger may have no record of the version: that is noted.
 */
export async function markKnownGood(
  context: ContextWith<{ version: string } & ImageFacts>,
  { unrecorded = false } = {},
): Promise<void> {
  const { fleet, aws, ledger } = context.services;
  const { imageId, version } = context.state;
  if (!imageId) return;
  await context.change({ action: 'mark-known-good', target: imageId }, () => tagKnownGood(aws.ec2, imageId));
  if (unrecorded && !(await ledger.release(fleet.app, version))) {
    context.note(`the ledger has no record of ${version}; add it: pipeline ledger rebuild ${fleet.app}`);
    return;
  }
  await ledger.updateRelease(fleet.app, version, { state: 'released', knownGood: true });
}
