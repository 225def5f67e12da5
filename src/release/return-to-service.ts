import { messageOf } from '@golden-pipeline/shared/errors';
import { readGroup } from '../aws/groups.ts';
import { isEnding, readInstance, tagInstance } from '../aws/instances.ts';
import { tagKeys } from '../aws/tags.ts';
import { returnOrTerminate, returnToService } from '../fleet/return-host.ts';
import type { ContextWith } from '../fleet/services.ts';
import { isReplaced, takeOut } from '../fleet/standby.ts';
import { terminateBakeInstance } from '../fleet/terminate-host.ts';
import type { Host } from '../hosts/types.ts';
import { terminateChangedInstance } from '../plays/changed-outside.ts';
import type { PlayFacts } from '../plays/facts.ts';
import { terminateLostInstance } from '../plays/lost-identity.ts';
import { playRelease } from '../plays/play.ts';
import type { ReleaseState } from './state.ts';

type Context = ContextWith<PlayFacts>;

/**
 * Gives the bake instance to service: as the first canary, or, with blue/green, on the version that serves. One that plays have changed
 * beside the release's folder is not of that version any more; one that has lost what a boot does not make again is not that host.
 */
export async function returnBakeInstance(
  context: ContextWith<PlayFacts & Pick<ReleaseState, 'strategy'>>,
): Promise<void> {
  const { host, strategy, changedOutside, lost } = context.state;
  // Terminated before.
  if (!host) return;
  if (lost) await terminateLostInstance(context);
  else if (strategy === 'blue-green' && changedOutside) await terminateChangedInstance(context);
  else await returnToService(context);
}

/**
 * Gives the host back to the version that serves. One that cannot be switched, or that the group has replaced, is ended: what is not
 * validated never serves by an undo.
 */
export async function undoBakeInstance(context: Context): Promise<void> {
  const { host, activated } = context.state;
  if (!host || !activated) return;
  const instance = await readInstance(context.services.aws.ec2, host.instanceId);
  // One that the roll has replaced, or that has died.
  if (!instance || isEnding(instance)) return terminateBakeInstance(context);
  if (context.state.changedOutside) return terminateChangedInstance(context);
  if (context.state.lost) return terminateLostInstance(context);
  const reason = await switchBack(context, host);
  if (reason === undefined && context.state.changedOutside) return terminateChangedInstance(context);
  // One that was detached before the first play returns when that is undone: the plays that are still to come may change it, too.
  if (reason === undefined) return context.state.detachFirst ? undefined : returnOrTerminate(context);
  context.note(`${host.instanceId} ${reason}: it is terminated`);
  return terminateBakeInstance(context);
}

/** Resolves with why the host cannot be given back, undefined once it is out of service and switched. */
async function switchBack(context: Context, host: Host): Promise<string | undefined> {
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
function isClosed(context: Context): boolean {
  const changes = context.changes();
  const rebooted = changes.some((change) => change.action === 'create-image' && change.error === undefined);
  return changes.some((change) => change.action === 'clean-host') && !rebooted;
}

/** Switches the host, which is out of service, back to the version that the fleet serves. */
export async function revert(context: Context, host: Host): Promise<void> {
  const { hosts, fleet } = context.services;
  await hosts.forget(host);
  await hosts.waitReachable(host, fleet.release.timeouts.health * 1000);
  await context.change({ action: 'revert-environment', target: host.instanceId }, () => playRelease(context, 'revert'));
  await tagHost(context, host, context.state.current.version ?? '');
  await context.save({ activated: undefined });
}

/** Lets the host say what it serves: its image is of the version before. */
export async function tagHost(context: Context, { instanceId }: Host, version: string): Promise<void> {
  await context.change({ action: 'tag-host', target: instanceId, data: { version } }, () =>
    tagInstance(context.services.aws.ec2, instanceId, { [tagKeys.version]: version }),
  );
}
