import { readGroup, replaceInstance } from '../../aws/groups.ts';
import { isEnding, readMachine } from '../../aws/instances.ts';
import { messageOf } from '../../shared/errors.ts';
import type { ReleaseContext } from '../services.ts';
import { waitFleetHealthy } from './health.ts';
import { restoreGroup, waitLifecycle } from './standby.ts';

/**
 * Ends a bake host that carries a version which nothing has proven, instead of giving it back: the group launches one of the
 * version that serves in its place. Puts capacity, minimum and processes back, and waits for the fleet's health. Repeatable.
 * @throws Error that says where the host is when it cannot be ended; the rest is put back then, too
 */
export async function endHost(context: ReleaseContext): Promise<void> {
  const { aws } = context.services;
  const { host, group: name, version } = context.state;
  if (!host) return;
  const { instanceId } = host;
  let group = await readGroup(aws.autoScaling, name);
  let member = group.instances.find((one) => one.id === instanceId);
  if (member?.lifecycle === 'EnteringStandby') {
    // One that does not get there is ended on its way.
    await waitLifecycle(context, 'Standby').catch(() => undefined);
    group = await readGroup(aws.autoScaling, name);
    member = group.instances.find((one) => one.id === instanceId);
  }
  let notEnded: Error | undefined;
  if (member && !/^Terminat/.test(member.lifecycle)) {
    const { detached } = context.state;
    // Standby has lowered the desired capacity, and the end of an instance does not raise it again.
    if (member.lifecycle === 'Standby' && detached && detached.desired === undefined) {
      await context.save({ detached: { ...detached, desired: group.desired + 1 } });
    }
    notEnded = await end(context, instanceId, member.lifecycle);
  } else if (!member && (await isUp(context, instanceId))) {
    notEnded = new Error(`${instanceId} carries ${version}, which is not proven, and has left ${name}: terminate it`);
  }
  // The fleet is whole again even while the host is still there: in Standby it does not count.
  await restoreGroup(context);
  if (notEnded) throw notEnded;
  await context.save({ activated: undefined, host: undefined });
  await waitFleetHealthy(context);
}

/** Resolves with what a person must know when it could not be ended. */
async function end(context: ReleaseContext, instanceId: string, lifecycle: string): Promise<Error | undefined> {
  const { group, version } = context.state;
  try {
    await context.change({ action: 'end-host', target: instanceId, data: { lifecycle } }, () =>
      replaceInstance(context.services.aws.autoScaling, instanceId),
    );
    return undefined;
  } catch (cause) {
    const where = lifecycle === 'Standby' ? 'without traffic' : 'so it may get traffic';
    return new Error(
      `${instanceId} carries ${version}, which is not proven, and could not be ended (${messageOf(cause)}); ` +
        `it is ${lifecycle} in ${group}, ${where}: terminate it`,
      { cause },
    );
  }
}

async function isUp(context: ReleaseContext, instanceId: string): Promise<boolean> {
  const machine = await readMachine(context.services.aws.ec2, instanceId);
  return machine !== undefined && !isEnding(machine);
}
