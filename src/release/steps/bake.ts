import { messageOf } from '@golden-pipeline/shared/errors';
import { createImage, waitImageAvailable } from '../../aws/create-image.ts';
import { readImage } from '../../aws/images.ts';
import { terminateInstance } from '../../aws/instances.ts';
import { tagKeys } from '../../aws/tags.ts';
import { changeOnce, isMade } from '../../engine/change-once.ts';
import { need } from '../../engine/need.ts';
import { goldenImageTags } from '../../fleet/golden-image-tags.ts';
import { heldEnvironments } from '../../fleet/held-environments.ts';
import { type ContextWith, type StepWith, times } from '../../fleet/services.ts';
import type { Host } from '../../hosts/types.ts';
import { describeReturn } from '../../plays/clean.ts';
import { terminateLostInstance } from '../../plays/lost-identity.ts';
import { assertRecord, cleanHost, isPlain } from '../../plays/plain-playbook.ts';
import { playRelease } from '../../plays/play.ts';
import { assertOutOfService } from '../assert-out-of-service.ts';
import { dropImage } from '../drop-image.ts';
import { revert, tagHost, undoBakeInstance } from '../return-to-service.ts';
import type { ImageOfRun } from '../state.ts';

type Context = ContextWith<ImageOfRun>;

/** Switches the host to the new environment, cleans it, and makes the golden image. */
export const bake: StepWith<ImageOfRun> = {
  id: 'bake',
  title: 'Bake the golden image',
  describe: ({ state, services: { fleet } }) => [
    isPlain(state)
      ? `see that the host carries ${state.version} of this run; remove identity and secrets`
      : `switch to ${state.version} and check it on the host; remove identity and secrets`,
    `CreateImage ${fleet.names.imagePrefix}${state.version}, wait until it is available`,
    ...(state.bake === 'detach'
      ? describeReturn(state.loses, 'the host stays out of the load balancer until the image is validated')
      : ['the builder is terminated']),
  ],
  async run(context) {
    const { fleet, aws, ledger } = context.services;
    const { host, version } = context.state;
    // An earlier process of this run may have ended the instance: then there is its image.
    const imageId = host ? await makeImage(context, host) : need(context.state, 'imageId');
    await waitImageAvailable(aws.ec2, context.poll, imageId, {
      ...times(fleet, 'bake'),
      // What is not validated must not serve for as long as the image takes.
      look: async () => host && assertStandsBy(context),
      progress: (state) => context.progress(`image ${imageId} is ${state}`),
    });
    const name = imageName(context);
    await ledger.updateRelease(fleet.app, version, { image: { region: fleet.region, imageId, name } });
    if (host) await parkHost(context, host);
    context.note(`${name} is ${imageId}`);
  },
  async find({ services: { aws }, state: { imageId } }) {
    if (imageId === undefined) return undefined;
    return `image ${imageId} is ${(await readImage(aws.ec2, imageId))?.state ?? 'gone'}`;
  },
  async undo(context) {
    // Neither waits for the other, and neither is left for what the other could not do.
    const ended = await Promise.allSettled([undoBakeInstance(context), dropImage(context, imageName(context))]);
    const failed = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (failed.length > 1) throw new AggregateError(failed, failed.map(messageOf).join('; '));
    if (failed.length > 0) throw failed[0];
  },
};

/** Makes the host ready and starts its image. Repeatable. */
async function makeImage(context: Context, host: Host): Promise<string> {
  const { fleet, aws, hosts } = context.services;
  const { version, commit } = context.state;
  const environments = await makeReady(context, host);
  // The host gets a new identity with the reboot of the bake.
  await hosts.forget(host);
  const name = imageName(context);
  // The image reboots the host.
  if (!context.changes().some((one) => one.action === 'create-image' && isMade(one))) await assertOutOfService(context);
  const imageId = await changeOnce(context, { action: 'create-image', target: name }, () =>
    createImage(aws.ec2, context.poll, {
      instanceId: host.instanceId,
      name,
      description: `${fleet.app} ${version} from ${commit}`,
      tags: {
        ...goldenImageTags(context, name, environments),
        ...(context.state.project?.commit && { [tagKeys.projectCommit]: context.state.project.commit }),
      },
    }),
  );
  await context.save({ imageId });
  return imageId;
}

/** What becomes of the instance that the image was made from: a builder is ended; any other one waits for the validation. */
async function parkHost(context: Context, host: Host): Promise<void> {
  const { bake: by, strategy, changedOutside, lost, version } = context.state;
  if (by === 'builder') {
    await context.change({ action: 'terminate-instance', target: host.instanceId }, () =>
      terminateInstance(context.services.aws.ec2, host.instanceId),
    );
    return;
  }
  await assertStandsBy(context);
  // With blue/green the group that serves stays on its version: the weights alone say who gets the new one.
  if (strategy !== 'blue-green') await tagHost(context, host, version);
  // A revert cannot undo what plays have changed outside the release's folder: such a host is replaced (see `return-instance`).
  else if (!changedOutside && !lost) await revert(context, host);
  // One that does not return waits for nothing.
  if (lost) await terminateLostInstance(context);
}

/** That the host of an image waits for its return; one that does not return may have been terminated already. */
async function assertStandsBy(context: Context): Promise<void> {
  if (!context.state.lost) await assertOutOfService(context);
}

/** Makes the host what the image is to be. Resolves with the versions that can be switched to on it. */
async function makeReady(context: Context, host: Host): Promise<string[]> {
  const { instanceId } = host;
  // By an earlier process of this run: what is clean lets nobody in, and needs nobody to become an image.
  if (context.changes().some((one) => one.action === 'clean-host' && isMade(one))) {
    return context.state.environments ?? [];
  }
  await assertOutOfService(context);
  // A builder never serves.
  if (context.state.bake === 'detach') await context.save({ activated: true });
  if (isPlain(context.state)) {
    await assertRecord(context, host);
    await assertOutOfService(context);
    await cleanHost(context, host);
    return [];
  }
  await context.change({ action: 'activate-environment', target: instanceId }, () => playRelease(context, 'activate'));
  const environments = await heldEnvironments(context, host);
  await context.save({ environments });
  await assertOutOfService(context);
  await context.change({ action: 'clean-host', target: instanceId }, () => playRelease(context, 'clean'));
  return environments;
}

function imageName(context: Context): string {
  return `${context.services.fleet.names.imagePrefix}${context.state.version}`;
}
