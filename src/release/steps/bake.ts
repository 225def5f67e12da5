import { messageOf } from '@golden-pipeline/shared/errors';
import { createImage, waitImageAvailable } from '../../aws/create-image.ts';
import { readGroup } from '../../aws/groups.ts';
import { deregisterImage, findImageOfRun, readImage } from '../../aws/images.ts';
import { isEnding, readMachine, tagMachine, terminateMachine } from '../../aws/instances.ts';
import { tagKeys } from '../../aws/tags.ts';
import type { JournaledChange } from '../../engine/step.ts';
import { environmentsTag, heldEnvironments } from '../../fleet/held-environments.ts';
import { bringBack, bringBackOrEnd } from '../../fleet/return-host.ts';
import { type ReleaseContext, type ReleaseState, type ReleaseStep, times } from '../../fleet/services.ts';
import { isReplaced, takeOut } from '../../fleet/standby.ts';
import { userOfTemplate } from '../../fleet/template-user.ts';
import { endHost } from '../../fleet/terminate-host.ts';
import { whenVisible } from '../../fleet/wait-until-consistent.ts';
import type { Host } from '../../hosts/types.ts';
import { endChangedHost } from '../../plays/changed-outside.ts';
import { describeReturn } from '../../plays/clean.ts';
import { endLostHost } from '../../plays/lost-identity.ts';
import { assertRecord, cleanHost, isPlain } from '../../plays/plain-playbook.ts';
import { playRelease } from '../../plays/play.ts';

/** Takes the bake host out of the load balancer and waits for the drain. */
export const detach: ReleaseStep = {
  id: 'detach',
  title: 'Take the host out of the load balancer',
  describe: ({ state, services: { fleet } }) => [
    ...(state.detachFirst ? ['before the first play, as plays may change more than the folder of the release:'] : []),
    ...(state.detachFirst ?? []).map((reason) => `  ${reason}`),
    `Standby for the bake host; its requests may take up to ${fleet.balancer.deregistrationDelaySeconds} s to end`,
    'AZRebalance is suspended meanwhile, and the group minimum lowered by one where it must be',
  ],
  run: takeOut,
  async undo(context) {
    if (context.state.changedOutside) await endChangedHost(context);
    else if (context.state.lost) await endLostHost(context);
    else if (context.state.activated) await endHost(context);
    else if (context.state.detached) await bringBackOrEnd(context);
  },
};

/** Switches the host to the new environment, cleans it, and makes the golden image; the host returns as the first canary. */
export const bake: ReleaseStep = {
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
    const { host, version, commit } = context.state;
    if (!host) throw new Error('no host was chosen');
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
        terminateMachine(aws.ec2, host.instanceId),
      );
    } else {
      // With blue/green the group that serves stays on its version: the weights alone say who gets the new one.
      const { strategy, changedOutside, lost, detachFirst } = context.state;
      if (strategy !== 'blue-green') await tagHost(context, host, version);
      // What plays have changed beside the release's folder no revert takes back: such a host is replaced instead (see `rejoin`).
      else if (!changedOutside && !lost) await revert(context, host);
      // One that does not return waits for nothing.
      if (!detachFirst || lost) await giveToService(context);
    }
    context.note(`${name} is ${imageId}`);
  },
  async undo(context) {
    // Neither waits for the other, and neither is left for what the other could not do.
    const ended = await Promise.allSettled([giveBack(context), dropImage(context, imageName(context))]);
    const failed = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (failed.length > 1) throw new AggregateError(failed, failed.map(messageOf).join('; '));
    if (failed.length > 0) throw failed[0];
  },
};

/** What becomes of a bake host that keeps what it is, in words. */
function whereNext({ detachFirst, strategy, current, version }: ReleaseState): string {
  if (detachFirst) return 'the host stays out of the load balancer until the image is proven';
  if (strategy === 'blue-green') return `the host returns to service on ${current.version}`;
  return `the host returns to service as the first canary of ${version}`;
}

/** True for a change that was made, and not while undoing. */
function isMade({ result, error, undoing }: JournaledChange): boolean {
  return result !== undefined && error === undefined && !undoing;
}

/** Makes the host what the image is to be. Resolves with the versions that can be switched to on it. */
async function makeReady(context: ReleaseContext, host: Host): Promise<string[]> {
  const { instanceId } = host;
  if (isPlain(context.state)) {
    // By an earlier process of this run: what is clean lets nobody in, and needs nobody to become an image.
    if (context.changes().some((one) => one.action === 'clean-host' && isMade(one))) return [];
    await assertRecord(context, host);
    await cleanHost(context, host);
    return [];
  }
  await context.change({ action: 'activate-environment', target: instanceId }, () => playRelease(context, 'activate'));
  const environments = await heldEnvironments(context);
  await context.change({ action: 'clean-host', target: instanceId }, () => playRelease(context, 'clean'));
  return environments;
}

/**
 * Gives the bake host to service: as the first canary, or, with blue/green, on the version that serves. One that plays have changed
 * beside the release's folder is not of that version any more; one that has lost what a boot does not make again is not that host.
 */
export async function giveToService(context: ReleaseContext): Promise<void> {
  const { host, strategy, changedOutside, lost } = context.state;
  // Terminated before.
  if (!host) return;
  if (lost) await endLostHost(context);
  else if (strategy === 'blue-green' && changedOutside) await endChangedHost(context);
  else await bringBack(context);
}

/**
 * Deregisters the image that the step has begun, also when only the intent is known: then the run's tag tells it, as somebody else may
 * have an image of the same name.
 */
export async function dropImage(context: ReleaseContext, name: string): Promise<void> {
  const { ec2 } = context.services.aws;
  const begun = context.changes().filter((change) => change.action === 'create-image');
  if (begun.length === 0) return;
  // Where the roll could not be taken back, instances serve from it, and the group launches it.
  const user = await userOfTemplate(context);
  if (user !== undefined)
    return context.note(`image ${name} is kept: ${user} still has instances of it, or launches it`);
  const known = begun.map((change) => change.result).find((result) => typeof result === 'string');
  // EC2 answers "not found" to the end of an image that it does not show yet, too.
  const image = await whenVisible(context, `image ${known ?? name}`, () =>
    known === undefined ? findImageOfRun(ec2, name, context.run.id) : readImage(ec2, known),
  );
  const imageId = image?.imageId ?? known;
  if (imageId === undefined) return;
  await context.change({ action: 'deregister-image', target: imageId }, () => deregisterImage(ec2, imageId));
}

/**
 * Gives the host back to the version that serves. One that cannot be switched, or that the group has replaced, is ended: what is not
 * proven never serves by an undo.
 */
async function giveBack(context: ReleaseContext): Promise<void> {
  const { host, activated } = context.state;
  if (!host || !activated) return;
  const machine = await readMachine(context.services.aws.ec2, host.instanceId);
  // One that the roll has replaced, or that has died.
  if (!machine || isEnding(machine)) return endHost(context);
  if (context.state.changedOutside) return endChangedHost(context);
  if (context.state.lost) return endLostHost(context);
  const reason = await switchBack(context, host);
  if (reason === undefined && context.state.changedOutside) return endChangedHost(context);
  // One that was detached before the first play returns when that is undone: the plays that are still to come may change it, too.
  if (reason === undefined) return context.state.detachFirst ? undefined : bringBackOrEnd(context);
  context.note(`${host.instanceId} ${reason}: it is ended`);
  return endHost(context);
}

/** Resolves with why the host cannot be given back, undefined once it is out of service and switched. */
async function switchBack(context: ReleaseContext, host: Host): Promise<string | undefined> {
  const { group, current } = context.state;
  if (isClosed(context)) return 'takes no new connections between its cleaning and its reboot';
  try {
    await takeOut(context);
    const now = await readGroup(context.services.aws.autoScaling, group);
    if (isReplaced(context, now)) return `has no place in ${group} any more, whose size somebody else has changed`;
    await revert(context, host);
    return undefined;
  } catch (error) {
    return `cannot be switched back to ${current.version} (${messageOf(error)})`;
  }
}

/** True when the host has lost its keys, and nothing has rebooted it since, which would give it new ones. */
function isClosed(context: ReleaseContext): boolean {
  const changes = context.changes();
  const rebooted = changes.some((change) => change.action === 'create-image' && change.error === undefined);
  return changes.some((change) => change.action === 'clean-host') && !rebooted;
}

/** Switches the host, which is out of service, back to the version that the fleet serves. */
async function revert(context: ReleaseContext, host: Host): Promise<void> {
  const { hosts, fleet } = context.services;
  await hosts.forget(host);
  await hosts.waitReachable(host, fleet.release.timeouts.health * 1000);
  await context.change({ action: 'revert-environment', target: host.instanceId }, () => playRelease(context, 'revert'));
  await tagHost(context, host, context.state.current.version ?? '');
  await context.save({ activated: undefined });
}

/** Lets the host say what it serves: its image is of the version before. */
async function tagHost(context: ReleaseContext, { instanceId }: Host, version: string): Promise<void> {
  await context.change({ action: 'tag-host', target: instanceId, data: { version } }, () =>
    tagMachine(context.services.aws.ec2, instanceId, { [tagKeys.version]: version }),
  );
}

function imageName(context: ReleaseContext): string {
  return `${context.services.fleet.names.imagePrefix}${context.state.version}`;
}
