import { PipelineError } from '@golden-pipeline/shared/errors';
import { claimFleet, releaseClaim } from '../../fleet/claim.ts';
import { observeFleet } from '../../fleet/observe.ts';
import { assertReady } from '../../fleet/ready.ts';
import type { RestartStep } from '../state.ts';

/** Checks under the lock that nobody changes the fleet, and that it serves what the plan was made for. */
export const checkFleet: RestartStep = {
  id: 'check',
  title: 'Check the fleet',
  describe: ({ state: { group, current } }) => [`fleet ${group} serves ${current.version ?? current.imageId}`],
  async run(context) {
    const { services, state } = context;
    const seen = await observeFleet(services);
    const { current, group } = seen.facts;
    if (current.imageId !== state.current.imageId || group !== state.group) {
      const { app } = services.fleet;
      const name = ({ version, imageId }: typeof current) => version ?? imageId;
      throw new PipelineError(
        'preflight.changed',
        `${app} served ${name(state.current)} when this was planned, and serves ${name(current)} now`,
        { fix: `once more: pipeline restart ${app}` },
      );
    }
    await assertReady(services, seen);
    await claimFleet(context);
    await context.save(seen.facts);
  },
  atEnd: releaseClaim,
};
