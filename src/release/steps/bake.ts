import { messageOf } from '@golden-pipeline/shared/errors';
import { createImage, waitImageAvailable } from '../../aws/create-image.ts';
import { terminateInstance } from '../../aws/instances.ts';
import { tagKeys } from '../../aws/tags.ts';
import { need } from '../../engine/need.ts';
import type { JournaledChange } from '../../engine/step.ts';
import { environmentsTag, heldEnvironments } from '../../fleet/held-environments.ts';
import { type ContextWith, type StepWith, times } from '../../fleet/services.ts';
import type { Host } from '../../hosts/types.ts';
import { describeReturn } from '../../plays/clean.ts';
import { assertRecord, cleanHost, isPlain } from '../../plays/plain-playbook.ts';
import { playRelease } from '../../plays/play.ts';
import { dropImage } from '../drop-image.ts';
import { returnBakeInstance, revert, tagHost, undoBakeInstance } from '../return-to-service.ts';
import type { ImageOfRun } from '../state.ts';

type Context = ContextWith<ImageOfRun>;

/** Switches the host to the new environment, cleans it, and makes the golden image; the host returns as the first canary. */
export const bake: StepWith<ImageOfRun> = {
  id: 'bake',
  title: 'Bake the golden image',
  describe: ({ state, services: { fleet } }) => [
    isPlain(state)
      ? `see that the host carries ${state.version} of this run; remove identity and secrets`
      : `switch to ${state.version} and check it on the host; remove identity and secrets`,
    `CreateImage ${fleet.names.imagePrefix}${state.version}, wait until it is available`,
    ...(state.bake === 'detach' ? describeReturn(state.loses, whereNext(state)) : ['the builder is terminated']),
  ],
  async run(context) {
    const { fleet, aws, hosts, ledger } = context.services;
    const { version, commit } = context.state;
    const host = need(context.state, 'host');
    // A builder never serves.
    if (context.state.bake === 'detach') await context.save({ activated: true });
    const environments = await makeReady(context, host);
    // The host gets a new identity with the reboot of the bake.
    await hosts.forget(host);
    const name = imageName(context);
    const imageId = await context.change({ action: 'create-image', target: name }, () =>
      createImage(aws.ec2, context.poll, {
        instanceId: host.instanceId,
        name,
        description: `${fleet.app} ${version} from ${commit}`,
        tags: {
          Name: name,
          [tagKeys.app]: fleet.app,
          [tagKeys.environment]: fleet.environment,
          [tagKeys.version]: version,
          [tagKeys.commit]: commit,
          ...(context.state.project?.commit && { [tagKeys.projectCommit]: context.state.project.commit }),
          ...(environments.length > 0 ? { [tagKeys.environments]: environmentsTag(environments) } : {}),
          ...(context.state.irreversible === undefined ? {} : { [tagKeys.irreversible]: 'true' }),
          [tagKeys.run]: context.run.id,
        },
      }),
    );
    await context.save({ imageId });
    await waitImageAvailable(aws.ec2, context.poll, imageId, {
      ...times(fleet, 'bake'),
      progress: (state) => context.progress(`image ${imageId} is ${state}`),
    });
    await ledger.updateRelease(fleet.app, version, { image: { region: fleet.region, imageId, name } });
    if (context.state.bake === 'builder') {
      await context.change({ action: 'terminate-instance', target: host.instanceId }, () =>
        terminateInstance(aws.ec2, host.instanceId),
      );
    } else {
      // With blue/green the group that serves stays on its version: the weights alone say who gets the new one.
      const { strategy, changedOutside, lost, detachFirst } = context.state;
      if (strategy !== 'blue-green') await tagHost(context, host, version);
      // A revert cannot undo what plays have changed outside the release's folder: such a host is replaced (see `return-instance`).
      else if (!changedOutside && !lost) await revert(context, host);
      // One that does not return waits for nothing.
      if (!detachFirst || lost) await returnBakeInstance(context);
    }
    context.note(`${name} is ${imageId}`);
  },
  async undo(context) {
    // Neither waits for the other, and neither is left for what the other could not do.
    const ended = await Promise.allSettled([undoBakeInstance(context), dropImage(context, imageName(context))]);
    const failed = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (failed.length > 1) throw new AggregateError(failed, failed.map(messageOf).join('; '));
    if (failed.length > 0) throw failed[0];
  },
};

/** What becomes of a bake instance that keeps what it is, in words. */
function whereNext({ detachFirst, strategy, current, version }: ImageOfRun): string {
  if (detachFirst) return 'the host stays out of the load balancer until the image is validated';
  if (strategy === 'blue-green') return `the host returns to service on ${current.version}`;
  return `the host returns to service as the first canary of ${version}`;
}

/** True for a change that was made, and not while undoing. */
function isMade({ result, error, undoing }: JournaledChange): boolean {
  return result !== undefined && error === undefined && !undoing;
}

/** Makes the host what the image is to be. Resolves with the versions that can be switched to on it. */
async function makeReady(context: Context, host: Host): Promise<string[]> {
  const { instanceId } = host;
  if (isPlain(context.state)) {
    // By an earlier process of this run: what is clean lets nobody in, and needs nobody to become an image.
    if (context.changes().some((one) => one.action === 'clean-host' && isMade(one))) return [];
    await assertRecord(context, host);
    await cleanHost(context, host);
    return [];
  }
  await context.change({ action: 'activate-environment', target: instanceId }, () => playRelease(context, 'activate'));
  const environments = await heldEnvironments(context, host);
  await context.change({ action: 'clean-host', target: instanceId }, () => playRelease(context, 'clean'));
  return environments;
}

function imageName(context: Context): string {
  return `${context.services.fleet.names.imagePrefix}${context.state.version}`;
}
