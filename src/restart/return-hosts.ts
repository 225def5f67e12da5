import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import pMap from 'p-map';
import { exitStandby, type Group, readGroup, replaceInstance } from '../aws/groups.ts';
import { awsCommand } from '../config/aws-command.ts';
import { waitFleetHealthy, waitTargetHealthy } from '../fleet/health.ts';
import { countWithoutPlace, remember, restoreGroup, waitLifecycle } from '../fleet/standby.ts';
import type { Host } from '../hosts/types.ts';
import type { RestartContext } from './state.ts';

/** Health of so many instances is waited for at once. */
const atOnce = 20;

/**
 * Returns the instances that are out of service to the load balancer, waits for the health of each, and restores minimum and processes.
 * As many of them as the group has launched others meanwhile are terminated: they are not missed. Repeatable.
 * @throws PipelineError `target.unhealthy` for the first one that does not become healthy; those that do are back by then
 */
export async function returnHosts(context: RestartContext): Promise<void> {
  const [first, ...more] = await waitHealthy(context, await leaveStandby(context));
  if (first) {
    // An undo need not wait for them once more.
    await context.save({ unhealthy: [first, ...more].map(({ host }) => host.instanceId) });
    throw first.error;
  }
  await restoreGroup(context);
  await context.save({ outside: undefined });
}

/** The same for an undo: the group replaces what cannot come back, so that neither it nor a suspended process is left. */
export async function returnOrReplace(context: RestartContext): Promise<void> {
  const { unhealthy = [] } = context.state;
  const back = await leaveStandby(context);
  for (const host of back.filter((one) => unhealthy.includes(one.instanceId))) await replace(context, host);
  const waited = await waitHealthy(
    context,
    back.filter((one) => !unhealthy.includes(one.instanceId)),
  );
  for (const { host, error } of waited) {
    context.note(`${host.instanceId} cannot return to service (${messageOf(error)})`);
    await replace(context, host);
  }
  await restoreGroup(context);
  await context.save({ outside: undefined, unhealthy: undefined });
  await waitFleetHealthy(context);
}

/** Lets all of them leave Standby. Resolves with those that are in the group then. */
async function leaveStandby(context: RestartContext): Promise<Host[]> {
  const { autoScaling } = context.services.aws;
  const { group: name, outside = [] } = context.state;
  const find = (group: Group, lifecycle: RegExp) =>
    outside.filter(({ instanceId: id }) =>
      group.instances.some((one) => one.id === id && lifecycle.test(one.lifecycle)),
    );
  for (const { instanceId } of find(await readGroup(autoScaling, name), /^EnteringStandby$/)) {
    await waitLifecycle(context, 'Standby', instanceId);
  }
  const group = await readGroup(autoScaling, name);
  const standby = find(group, /^Standby$/);
  const gone = outside.length - find(group, /^(Standby|Pending|InService)/).length;
  const surplus = countWithoutPlace(context, group, { standby: standby.length, gone });
  if (surplus > 0) {
    const those = `${surplus} of ${standby.length} ${standby.length === 1 ? 'instance' : 'instances'} in Standby`;
    context.note(`the size of ${name} was changed by somebody else, and there is no place for ${those}`);
    // The list begins with those that did not serve before.
    for (const host of standby.slice(0, surplus)) await replace(context, host);
  }
  const ids = standby.slice(surplus).map((one) => one.instanceId);
  if (ids.length > 0) {
    await context.change({ action: 'exit-standby', target: ids.join(', ') }, () => exitStandby(autoScaling, name, ids));
  }
  // They count again: what lowers the capacity from now on is somebody else.
  await remember(context, { capacity: undefined });
  return find(await readGroup(autoScaling, name), /^(Pending|InService)/);
}

/** Resolves with those that did not become healthy. */
async function waitHealthy(context: RestartContext, hosts: readonly Host[]): Promise<{ host: Host; error: unknown }[]> {
  const { group, targetGroupArn } = context.state;
  const waited = await pMap(
    hosts,
    async (host) => {
      try {
        if (!(await entersService(context, host))) return [];
        await waitTargetHealthy(context, targetGroupArn, host.instanceId, group);
        return [];
      } catch (error) {
        context.signal.throwIfAborted();
        return [{ host, error }];
      }
    },
    { concurrency: atOnce },
  );
  return waited.flat();
}

/** Nobody checks the health of an instance before it is in service: one that is terminated until then was scaled in. */
async function entersService(context: RestartContext, { instanceId }: Host): Promise<boolean> {
  try {
    await waitLifecycle(context, 'InService', instanceId);
    return true;
  } catch (error) {
    if (!(error instanceof PipelineError && error.code === 'host.gone')) throw error;
    context.note(`${instanceId} was terminated meanwhile`);
    return false;
  }
}

/** Ends an instance; in the place of one that is in service, the group launches another. */
async function replace(context: RestartContext, { instanceId }: Host): Promise<void> {
  const { group } = context.state;
  context.note(`${instanceId} is terminated`);
  await context
    .change({ action: 'terminate-instance', target: instanceId }, () =>
      replaceInstance(context.services.aws.autoScaling, group, instanceId),
    )
    .catch((cause: unknown) => {
      throw new PipelineError(
        'restart.not-terminated',
        `${instanceId} of ${group} does not serve and could not be terminated: ${messageOf(cause)}`,
        { fix: awsCommand(context.services.fleet, `ec2 terminate-instances --instance-ids ${instanceId}`), cause },
      );
    });
}
