import { readImage } from '../aws/images.ts';
import { isActive, readRefresh } from '../aws/refreshes.ts';
import type { Step } from '../run/step.ts';
import { PipelineError } from '../shared/errors.ts';
import type { RollState, Services } from './services.ts';
import { observeFleet } from './support/observe.ts';

/** Looks again, under the lock. A sick fleet is no reason to refuse: that is what a rollback is for. */
export const rollbackPreflight: Step<Services, RollState> = {
  id: 'preflight',
  title: 'Check the way back',
  describe: ({ state }) => [
    `${state.group} serves ${state.current.version ?? 'no release'}; go back to ${state.version}, image ${state.imageId}`,
  ],
  async run(context) {
    const { fleet, aws } = context.services;
    const { imageId, version } = context.state;
    const seen = await observeFleet(context.services);
    const [refresh, image] = await Promise.all([
      readRefresh(aws.autoScaling, seen.facts.group),
      imageId ? readImage(aws.ec2, imageId) : undefined,
    ]);
    if (isActive(refresh)) {
      throw new PipelineError(
        'preflight.refresh-active',
        `an instance refresh of ${seen.live.name} is ${refresh.status} (${refresh.percentage} %)`,
        {
          hint: 'wait until it has ended, or cancel it, then try again',
        },
      );
    }
    if (image?.state !== 'available') {
      throw new PipelineError('rollback.image-gone', `the image of ${version} is ${image?.state ?? 'gone'}`, {
        hint: `choose another: pipeline images ${fleet.app}`,
      });
    }
    await context.save(seen.facts);
    context.note(`${image.name} is available; ${seen.healthy.length} of ${seen.live.desired} hosts are healthy`);
  },
};
