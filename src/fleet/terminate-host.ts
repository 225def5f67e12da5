import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { readGroup, replaceInstance } from '../aws/groups.ts';
import { isEnding, readInstance } from '../aws/instances.ts';
import { awsCommand } from '../config/aws-command.ts';
import type { BakeFacts } from './facts.ts';
import { waitFleetHealthy } from './health.ts';
import type { ContextWith, FleetGroup } from './services.ts';
import { remember, restoreGroup, waitLifecycle } from './standby.ts';

/** A run that bakes on an instance, or only takes it out of service. */
export type BakeContext = ContextWith<FleetGroup & BakeFacts & { version: string }>;

/**
 * Ends a bake instance instead of giving it back: one that carries a version which nothing has validated, in whose place the group launches
 * one of the version that serves, or one whose place the group has filled. Puts capacity, minimum and processes back, and waits for the fleet's health. Repeatable.
 * @throws Error that says where the host is when it cannot be ended; the rest is restored then, too
 */
export async function terminateBakeInstance(context: BakeContext): Promise<void> {
  const { aws } = context.services;
  const { host, group: name } = context.state;
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
    // Standby has lowered the desired capacity, and the end of an instance does not raise it again.
    const outside = /Standby$/.test(member.lifecycle);
    const { capacity = group.desired } = context.state.detached ?? {};
    await remember(context, { capacity: outside ? capacity : undefined });
    notEnded = await end(context, instanceId, member.lifecycle);
  } else if (!member && (await isUp(context, instanceId))) {
    notEnded = new PipelineError('host.left', `${describe(context)} and has left ${name}: terminate it`, {
      fix: awsCommand(context.services.fleet, `ec2 terminate-instances --instance-ids ${instanceId}`),
    });
  }
  // The fleet is whole again even while the host is still there: in Standby it does not count.
  await restoreGroup(context);
  if (notEnded) throw notEnded;
  await context.save({ activated: undefined, host: undefined });
  await waitFleetHealthy(context);
}

/** Resolves with what a person must know when it could not be ended. */
async function end(context: BakeContext, instanceId: string, lifecycle: string): Promise<Error | undefined> {
  const { group } = context.state;
  try {
    await context.change({ action: 'terminate-bake-instance', target: instanceId, data: { lifecycle } }, () =>
      replaceInstance(context.services.aws.autoScaling, group, instanceId),
    );
    return undefined;
  } catch (cause) {
    const where = lifecycle === 'Standby' ? 'without traffic' : 'so it may get traffic';
    const terminate = `autoscaling terminate-instance-in-auto-scaling-group --instance-id ${instanceId} --no-should-decrement-desired-capacity`;
    return new PipelineError(
      'host.not-terminated',
      `${describe(context)} and could not be terminated (${messageOf(cause)}); it is ${lifecycle} in ${group}, ${where}: terminate it`,
      { fix: awsCommand(context.services.fleet, terminate), cause },
    );
  }
}

function describe({ state: { host, version, activated, changedOutside } }: BakeContext): string {
  if (changedOutside && !activated) return `${host?.instanceId} has been changed by plays of ${version}`;
  return activated
    ? `${host?.instanceId} carries ${version}, which is not validated,`
    : `${host?.instanceId} is not needed any more,`;
}

async function isUp(context: BakeContext, instanceId: string): Promise<boolean> {
  const instance = await readInstance(context.services.aws.ec2, instanceId);
  return instance !== undefined && !isEnding(instance);
}
