import { PipelineError } from '@golden-pipeline/shared/errors';
import { watchWindow } from '../../analysis/window.ts';
import { isTimeout } from '../../engine/poll.ts';
import type { PlanContext } from '../../engine/step.ts';
import { waitFleetHealthy } from '../../fleet/health.ts';
import { makeDefault } from '../../fleet/restore-template.ts';
import { assertStillOn } from '../../fleet/serves-otherwise.ts';
import type { ContextWith, Services, StepWith } from '../../fleet/services.ts';
import { isSuspended } from '../../fleet/suspended.ts';
import type { RollFacts } from '../../release/state.ts';
import { fill, refreshFleet, roll } from '../../release/steps/roll.ts';
import { markKnownGood, verify } from '../../release/steps/verify.ts';
import { recordRolledBack } from '../record-rolled-back.ts';
import { registerNewInstances } from '../register-new-instances.ts';
import { withSecondAttempt } from '../second-attempt.ts';
import type { RolledBackFacts } from '../state.ts';

/**
 * Rolls the fleet back onto an old image. What fails while instances are replaced rolls the refresh back, as in a release; once all
 * are replaced, nothing takes that back: a person has left the version before, and it may well be no better.
 */
export const rollBackFleet: StepWith<RollFacts> = {
  ...roll,
  title: 'Roll instances onto the old image',
  commits: true,
  describe: ({ state, services: { fleet } }) => [
    `a new version of launch template ${fleet.names.launchTemplate} with image ${state.imageId}, given to the refresh as its desired configuration`,
    `instance refresh of ${state.group}, ${fleet.release.refresh.minHealthyPercentage}/${fleet.release.refresh.maxHealthyPercentage} percent healthy, automatic rollback on`,
    'meanwhile the new instances are watched; when they do not become healthy, the refresh is rolled back',
  ],
  // Reversing it would lead back to the version that somebody wanted to leave.
  async run(context) {
    await registerNewInstances(context);
    await refreshFleet(context, { endures: true });
  },
};

/** Waits until the instances from the old image serve. */
export const confirmServing: StepWith<RollFacts & RolledBackFacts> = {
  id: 'confirm-serving',
  title: 'Confirm that the old version serves',
  describe: ({ state }) => [
    `the whole fleet ${state.group} is healthy; from here on a fault undoes nothing: the fleet stays on ${state.version}, and the run ends with exit code 4`,
  ],
  complete: makeServing,
  async run(context) {
    await withSecondAttempt(context, makeServing);
    try {
      await waitFleetHealthy(context);
    } catch (error) {
      if (!isTimeout(error) && !isSuspended(error)) throw error;
      const { version, group } = context.state;
      throw new PipelineError('roll.not-serving', `${version} is on every instance of ${group}: ${error.message}`, {
        details: error.details,
        fix: isSuspended(error) ? `${error.fix}; ${stays(context)}` : stays(context),
        cause: error,
      });
    }
  },
};

async function makeServing(context: ContextWith<RollFacts & RolledBackFacts>): Promise<void> {
  // Completed by another process, maybe hours later: somebody may have gone to another version since.
  await assertStillOn(context);
  await recordRolledBack(context);
  await fill(context);
  await makeDefault(context);
}

/** Watches the fleet for the verify window, and tells what it finds. */
export const verifyRolledBack: StepWith<RollFacts> = {
  ...verify,
  describe: ({ state, services: { fleet } }) => [
    `for ${fleet.release.verifySeconds} s: target health, and ${fleet.release.smokeTests.length} smoke test(s) through the balancer`,
    `a persistent failure is reported, with exit code 4, and the fleet stays on ${state.version}; without one it is known-good`,
  ],
  async run(context) {
    const { version } = context.state;
    await watchWindow(context, 'verify', {
      seconds: context.services.fleet.release.verifySeconds,
      failed: { code: 'verify.failed', message: `${version} does not serve as it should`, fix: stays(context) },
    });
    // A rollback goes on without a record, too.
    await markKnownGood(context, { unrecorded: true });
  },
};

function stays({ state: { version }, services: { fleet } }: PlanContext<Services, { version: string }>): string {
  return `the fleet stays on ${version}; look at what it needs, or go to another version: pipeline images ${fleet.app}`;
}
