import { readTargets } from '../aws/balancers.ts';
import { readGroup } from '../aws/groups.ts';
import { tagKnownGood } from '../aws/images.ts';
import type { Step } from '../run/step.ts';
import { PipelineError } from '../shared/errors.ts';
import type { RollContext, RollState, Services } from './services.ts';
import { smokeFailures } from './support/smoke.ts';

/** Watches the rolled fleet for the verify window; a lasting fault fails the run, which rolls back without a person. */
export const verify: Step<Services, RollState> = {
  id: 'verify',
  title: 'Verify the fleet',
  // What has served the whole window is not taken back because of a late Ctrl-C.
  commits: true,
  describe: ({ services: { fleet } }) => [
    `for ${fleet.release.verifySeconds} s: target health, and ${fleet.release.smokeTests.length} smoke test(s) through the balancer`,
    'a lasting fault rolls back by itself',
  ],
  async run(context) {
    const { fleet, aws, ledger } = context.services;
    const end = context.clock.now() + fleet.release.verifySeconds * 1000;
    let inRow = 0;
    await context.poll({
      what: 'the verify window to pass',
      read: () => faults(context),
      until: (found) => {
        inRow = found.length > 0 ? inRow + 1 : 0;
        if (inRow >= fleet.release.healthyReads) {
          throw new PipelineError('verify.failed', `${context.state.version} does not serve as it should`, {
            details: found,
          });
        }
        return context.clock.now() >= end && found.length === 0;
      },
      progress: (found) => {
        const left = Math.max(0, Math.ceil((end - context.clock.now()) / 1000));
        context.progress(found.length > 0 ? found.join('; ') : `all well, ${left} s to watch`);
      },
      everyMs: fleet.release.pollSeconds * 1000,
      timeoutMs: (fleet.release.verifySeconds + fleet.release.timeouts.health) * 1000,
    });
    const { imageId, version } = context.state;
    if (imageId) {
      await context.change({ action: 'mark-known-good', target: imageId }, () => tagKnownGood(aws.ec2, imageId));
      await ledger.updateRelease(fleet.app, version, { state: 'released', knownGood: true });
    }
  },
};

/** What is wrong at this moment, worded for a person. */
async function faults(context: RollContext): Promise<string[]> {
  const { aws } = context.services;
  const [group, targets, smoke] = await Promise.all([
    readGroup(aws.autoScaling, context.state.group),
    readTargets(aws.elb, context.state.targetGroupArn),
    smokeFailures(context),
  ]);
  const healthy = targets.filter((target) => target.state === 'healthy').length;
  const found = [...smoke];
  if (healthy < group.desired) {
    const sick = targets
      .filter((target) => target.state === 'unhealthy')
      .map((target) => `${target.id}: ${target.reason ?? 'unhealthy'}`);
    found.unshift(
      `${healthy} of ${group.desired} targets are healthy${sick.length > 0 ? ` (${sick.slice(0, 3).join(', ')})` : ''}`,
    );
  }
  return found;
}
