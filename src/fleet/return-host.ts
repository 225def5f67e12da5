import { messageOf } from '@golden-pipeline/shared/errors';
import { exitStandby, type GroupMember, readGroup } from '../aws/groups.ts';
import { need } from '../engine/need.ts';
import { waitTargetHealthy } from './health.ts';
import { isReplaced, remember, restoreGroup, waitLifecycle } from './standby.ts';
import { type BakeContext, terminateBakeInstance } from './terminate-host.ts';

/**
 * Brings the bake instance back into service, waits for its health, and restores minimum and processes. A host whose place the group has
 * filled meanwhile is ended instead: it is not missed. Repeatable.
 */
export async function returnToService(context: BakeContext): Promise<void> {
  const { instanceId } = need(context.state, 'host');
  let member = await memberOf(context, instanceId);
  if (member?.lifecycle === 'EnteringStandby') {
    await waitLifecycle(context, 'Standby');
    member = await memberOf(context, instanceId);
  }
  if (member?.lifecycle === 'Standby' && !(await leaveStandby(context, instanceId))) {
    const { group } = context.state;
    context.note(
      `${instanceId} has no place in ${group} any more, whose size somebody else has changed: it is terminated`,
    );
    return terminateBakeInstance(context);
  }
  if (member) {
    // It counts again: what lowers the capacity from now on is somebody else.
    await remember(context, { capacity: undefined });
    await waitLifecycle(context, 'InService');
    await waitTargetHealthy(context, context.state.targetGroupArn, instanceId, context.state.group);
  }
  await restoreGroup(context);
}

/** Brings the host back; one that cannot come back is ended, so that neither it nor a suspended process is left. For undos. */
export async function returnOrTerminate(context: BakeContext): Promise<void> {
  const { instanceId } = need(context.state, 'host');
  try {
    await returnToService(context);
  } catch (error) {
    // It has been ended already; what failed came after that.
    if (context.state.host === undefined) throw error;
    context.note(`${instanceId} cannot return to service (${messageOf(error)}): it is terminated`);
    await terminateBakeInstance(context);
  }
}

/** Resolves with false when the group has no place for the host. */
async function leaveStandby(context: BakeContext, instanceId: string): Promise<boolean> {
  const { autoScaling } = context.services.aws;
  const { group } = context.state;
  if (isReplaced(context, await readGroup(autoScaling, group))) return false;
  try {
    await context.change({ action: 'exit-standby', target: instanceId }, () =>
      exitStandby(autoScaling, group, [instanceId]),
    );
    return true;
  } catch (error) {
    const now = await readGroup(autoScaling, group);
    // The answer was lost, and the repeated request refused.
    if (now.instances.some((one) => one.id === instanceId && one.lifecycle !== 'Standby')) return true;
    // Its place was taken just now.
    if (isReplaced(context, now)) return false;
    throw error;
  }
}

async function memberOf({ services, state }: BakeContext, instanceId: string): Promise<GroupMember | undefined> {
  const { instances } = await readGroup(services.aws.autoScaling, state.group);
  return instances.find((one) => one.id === instanceId);
}
