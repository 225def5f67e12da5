import { PipelineError } from '@golden-pipeline/shared/errors';
import { assertUnclaimed } from '../../fleet/claim.ts';
import { observeFleet } from '../../fleet/observe.ts';
import { assertReady } from '../../fleet/ready.ts';
import type { RefreshStep } from '../state.ts';

/** Checks under the lock that nobody changes the fleet, and that it serves what the plan was made for. */
export const refreshCheck: RefreshStep = {
  id: 'check',
  title: 'Check the fleet',
  describe: ({ state }) => [`fleet ${state.group} serves ${state.version}`],
  async run(context) {
    const { services, state } = context;
    const seen = await observeFleet(services);
    const { version } = seen.facts.current;
    if (version !== state.version || seen.facts.group !== state.group) {
      throw new PipelineError(
        'preflight.changed',
        `${services.fleet.app} served ${state.version} when this was planned, and serves ${version ?? 'no release'} now`,
        { fix: `once more: pipeline secrets ${services.fleet.app} refresh` },
      );
    }
    await assertReady(services, seen);
    await assertUnclaimed(context);
    await context.save(seen.facts);
  },
};
