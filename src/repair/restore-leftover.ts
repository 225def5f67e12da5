import { deregisterTarget } from '../aws/balancers.ts';
import { readGroup, replaceInstance, resumeProcesses, setCapacity, suspendProcesses } from '../aws/groups.ts';
import { terminateInstance } from '../aws/instances.ts';
import { setDefaultVersion } from '../aws/launch-templates.ts';
import { deleteScheduledActions } from '../aws/scaling-settings.ts';
import { emptyGroup, waitGroupReady } from '../fleet/group-health.ts';
import { scaleDownName } from '../fleet/group-settings.ts';
import type { LeftoverFacts, Restore } from '../fleet/leftovers/leftover.ts';
import { readFleetGroups, type SeenGroup } from '../fleet/observe.ts';
import { times } from '../fleet/services.ts';
import { pointValidationRoute, shareTraffic } from '../fleet/traffic-groups.ts';
import type { RepairContext } from './state.ts';

type OfGroup = Extract<Restore, { group: string }>;

/** Makes the change that removes something left, and waits for the health of the group that serves where that changes. */
export async function restoreLeftover(context: RepairContext, restore: Restore, seen: LeftoverFacts): Promise<void> {
  const { ec2, elb } = context.services.aws;
  if ('group' in restore) return restoreGroup(context, restore, seen);
  const { targetGroupArn } = seen.validation;
  switch (restore.do) {
    case 'terminate-instance':
      return context.change({ action: restore.do, target: restore.instance }, () =>
        terminateInstance(ec2, restore.instance),
      );
    case 'deregister-target':
      return context.change({ action: restore.do, target: restore.instance }, () =>
        deregisterTarget(elb, targetGroupArn, restore.instance),
      );
    case 'set-default-version':
      return context.change({ action: restore.do, target: restore.template, data: { version: restore.version } }, () =>
        setDefaultVersion(ec2, restore.template, restore.version),
      );
    case 'point-validation-route':
      return pointValidationRoute(context, targetGroupArn);
    case 'remove-tags':
      return;
  }
}

async function restoreGroup(context: RepairContext, restore: OfGroup, { listenerArn }: LeftoverFacts): Promise<void> {
  const { autoScaling } = context.services.aws;
  const { live, idle } = await readFleetGroups(context.services);
  const [own, other] = live.group === restore.group ? [live, idle] : [idle ?? live, live];
  const { group } = own;
  switch (restore.do) {
    case 'delete-scheduled-end':
      return context.change(
        { action: 'delete-scheduled-actions', target: group, data: { names: [scaleDownName] } },
        () => deleteScheduledActions(autoScaling, group, [scaleDownName]),
      );
    case 'resume-processes':
      return context.change({ action: restore.do, target: group, data: { resumed: restore.processes } }, () =>
        resumeProcesses(autoScaling, group, restore.processes),
      );
    case 'suspend-processes':
      return context.change({ action: restore.do, target: group, data: { suspended: restore.processes } }, () =>
        suspendProcesses(autoScaling, group, restore.processes),
      );
    case 'set-size':
      await context.change({ action: 'restore-capacity', target: group, data: { ...restore.size } }, () =>
        setCapacity(autoScaling, group, restore.size),
      );
      return waitGroupReady(context, own, own);
    case 'replace-instance':
      return replaceLeftInstance(context, own, restore);
    case 'send-traffic':
      if (!other) return;
      await waitGroupReady(context, own, other);
      return shareTraffic(context, listenerArn, own, other, 100, { unstick: true });
    case 'scale-in':
      return emptyGroup(context, own);
  }
}

/** Terminates an instance, and waits until the group is whole: for one in Standby its size was raised before, another one is launched anew. */
async function replaceLeftInstance(
  context: RepairContext,
  own: SeenGroup,
  { do: action, instance }: Extract<Restore, { instance: string; group: string }>,
): Promise<void> {
  const { autoScaling } = context.services.aws;
  const lifecycle = async () =>
    (await readGroup(autoScaling, own.group)).instances.find((one) => one.id === instance)?.lifecycle;
  // On its way there it can neither return nor be ended.
  const reached = await context.poll({
    what: `${instance} to be in Standby`,
    read: lifecycle,
    until: (now) => now !== 'EnteringStandby',
    progress: (now) => context.progress(`${instance} is ${now}`),
    explain: (now) => ({ causes: [`${instance} is ${now}`] }),
    ...times(context.services.fleet, 'drain'),
  });
  if (reached === undefined) return;
  await context.change({ action, target: instance }, () => replaceInstance(autoScaling, own.group, instance));
  await waitGroupReady(context, own, own);
}
