import { readGroup } from '../aws/groups.ts';
import { deregisterImage, listImages } from '../aws/images.ts';
import { groupMachines } from '../aws/instances.ts';
import { readTemplateVersion } from '../aws/launch-templates.ts';
import type { Step } from '../run/step.ts';
import { chooseRetired } from './retention.ts';
import type { RollState, Services } from './services.ts';

/** Removes images beyond the last N known-good ones. It never fails the run: the release is done by then. */
export const retain: Step<Services, RollState> = {
  id: 'retain',
  title: 'Keep the last images',
  describe: ({ services: { fleet } }) => [
    `keep the last ${fleet.release.keep} known-good images and every one in use, pinned or needed to roll back; deregister the rest`,
  ],
  async run(context) {
    const { fleet, aws } = context.services;
    try {
      const images = await listImages(aws.ec2, fleet.app, fleet.environment);
      const retired = chooseRetired(images, {
        keep: fleet.release.keep,
        needed: await neededImages(context.services, context.state),
      });
      for (const image of retired) {
        // Look again right before the deletion: somebody may have rolled back onto it meanwhile.
        if ((await neededImages(context.services, context.state)).has(image.imageId)) continue;
        await context.change({ action: 'deregister-image', target: image.imageId, data: { name: image.name } }, () =>
          deregisterImage(aws.ec2, image.imageId),
        );
        context.note(`${image.name} (${image.imageId}) is removed`);
      }
      const kept = images.length - retired.length;
      context.note(kept === 1 ? '1 image is kept' : `${kept} images are kept`);
    } catch (error) {
      if (context.signal.aborted) throw error;
      context.note(
        `old images were not all removed, the next release tries again: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  },
};

/** Images that something launches from or runs on, and the one to roll back to. */
async function neededImages({ aws }: Services, state: RollState): Promise<Set<string>> {
  const [group, machines] = await Promise.all([
    readGroup(aws.autoScaling, state.group),
    groupMachines(aws.ec2, state.group),
  ]);
  const versions = await Promise.all(
    [...new Set([group.launchTemplate.version, '$Default', '$Latest'])].map((version) =>
      readTemplateVersion(aws.ec2, group.launchTemplate.id, version),
    ),
  );
  const ids = [
    state.imageId,
    state.current.imageId,
    ...machines.map((machine) => machine.imageId),
    ...versions.map((version) => version.imageId),
  ];
  return new Set(ids.filter((id) => id !== undefined));
}
