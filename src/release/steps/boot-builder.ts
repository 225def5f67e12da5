import { resolveBaseImage } from '../../aws/images.ts';
import { waitRunning } from '../../fleet/health.ts';
import { launchHelper, runTags, terminateLaunched } from '../../fleet/launch.ts';
import type { StepWith } from '../../fleet/services.ts';
import type { BuilderFacts } from '../state.ts';

/** Boots a temporary instance from the current image; from the base image when there is no release yet, or when that was requested. */
export const bootBuilder: StepWith<BuilderFacts> = {
  id: 'boot-builder',
  title: 'Boot a builder instance',
  describe: ({ state, services }) => [
    `one ${services.fleet.instance.type} from ${builderSource(state, services.fleet.instance.baseImage)}`,
  ],
  async run(context) {
    const { fleet, aws, ledger } = context.services;
    const { current, base, version, unlaunchable } = context.state;
    const served = current.version === undefined || unlaunchable ? undefined : current.imageId;
    const imageId = base?.imageId ?? served ?? (await resolveBaseImage(aws.ec2, fleet.instance.baseImage)).imageId;
    // What the image comes from is what is booted here, whatever the group's template says.
    await ledger.updateRelease(fleet.app, version, { baseImageId: imageId });
    const tags = runTags(context, 'builder');
    const instanceId = await launchHelper(context, 'launch-builder', { imageId, tags });
    const { address } = await waitRunning(context, instanceId);
    await context.save({ host: { instanceId, address } });
  },
  async undo(context) {
    await terminateLaunched(context, 'launch-builder');
  },
};

/** Which image the builder starts from, in words. */
function builderSource({ base, current, unlaunchable }: BuilderFacts, baseImage: string): string {
  if (base) return `the base image ${base.name} (${base.imageId})`;
  return current.version && !unlaunchable ? `the image of ${current.version}` : `the base image ${baseImage}`;
}
