import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { readTargets } from '../../aws/balancers.ts';
import { freeAddresses } from '../../aws/capacity.ts';
import { readGroup } from '../../aws/groups.ts';
import { isActive, readRefresh } from '../../aws/refreshes.ts';
import { readScheduledActions } from '../../aws/scaling-settings.ts';
import { awsCommand } from '../../config/aws-command.ts';
import { assertUnclaimed, claimFleet, releaseClaim } from '../../fleet/claim.ts';
import { checkForeign, refuseOverlap } from '../clashes.ts';
import { expectedTime } from '../expected-time.ts';
import { checkQuota } from '../quota.ts';
import type { ScaleStep } from '../state.ts';

/** Targets of one target group, and of one load balancer (AWS). */
const maxTargets = 1000;

/** Looks whether so many instances fit: limits of the group, the balancer, the network and the account; and that nothing else goes on. */
export const checkScale: ScaleStep = {
  id: 'check',
  title: 'Check limits and quotas',
  describe: async ({ state: { scale, group, current }, services }) => [
    `${group} has ${scale.was.desired} instances (minimum ${scale.was.min}, maximum ${scale.was.max}) of ${current.version ?? 'no release'}; ${scale.to} are wanted`,
    'quota of the account, targets of the balancer, free addresses, no refresh in progress, no blocking schedule',
    ...scale.events.map((one) => `scheduled already: ${one}`),
    ...scale.disturbedBy.map((one) => `will take instances away again: ${one}`),
    costLine(scale.to - scale.was.desired, services.fleet.instance.hourlyPrice, services.fleet.instance.type),
    ...(scale.to > scale.was.desired ? [await expectedTime(services, scale)] : []),
  ],
  async run(context) {
    const { fleet, aws } = context.services;
    const { scale, group, targetGroupArn } = context.state;
    await assertUnclaimed(context);
    const [seen, refresh, targets, actions] = await Promise.all([
      readGroup(aws.autoScaling, group),
      readRefresh(aws.autoScaling, group),
      readTargets(aws.elb, targetGroupArn),
      readScheduledActions(aws.autoScaling, group),
    ]);
    if (isActive(refresh)) {
      throw new PipelineError('scale.refresh-active', `an instance refresh of ${group} is ${refresh.status}`, {
        fix: 'wait until it has finished',
      });
    }
    const scheduled = scale.at !== undefined || scale.until !== undefined;
    const needed = ['Launch', ...(scheduled ? ['ScheduledActions'] : [])];
    const off = seen.suspended.filter((process) => needed.includes(process));
    if (off.length > 0) {
      throw usageError(
        'scale.suspended',
        `${group} cannot be scaled: ${off.join(' and ')} ${off.length > 1 ? 'are' : 'is'} suspended`,
        awsCommand(
          fleet,
          `autoscaling resume-processes --auto-scaling-group-name ${group} --scaling-processes ${off.join(' ')}`,
        ),
      );
    }
    // Once more under the lock: somebody may have scheduled something since this was planned.
    const wish = { ...scale, app: fleet.app, cloud: fleet.cloud, group };
    refuseOverlap(wish, actions, context.clock.now());
    for (const one of checkForeign(wish, actions, context.clock.now()))
      context.note(`will change the size again: ${one}`);
    const more = scale.to - seen.desired;
    if (scale.to > maxTargets) {
      throw usageError(
        'scale.targets',
        `${scale.to} instances are more than the ${maxTargets} targets of a target group`,
        'serve so many instances with more than one fleet',
      );
    }
    const free = await freeAddresses(aws.ec2, seen);
    if (more > free) {
      throw usageError(
        'scale.addresses',
        `${more} more instances need as many addresses, and the subnets have ${free}`,
        'add a subnet to the group',
      );
    }
    await checkQuota(context, more);
    context.note(
      `${targets.filter((one) => one.state === 'healthy').length} of ${seen.desired} instances are healthy; there is room for ${more > 0 ? `${more} more` : 'that'}`,
    );
    await claimFleet(context);
  },
  atEnd: releaseClaim,
};

/** What more instances cost in an hour. */
function costLine(more: number, hourlyPrice: number | undefined, type: string): string {
  const sign = more < 0 ? '-' : '+';
  const count = Math.abs(more);
  if (hourlyPrice === undefined) return `${sign}${count} ${type}; set instance.hourlyPrice to see what that costs`;
  return `${sign}${count} ${type} at ${hourlyPrice}: ${sign}${(count * hourlyPrice).toFixed(2)} an hour`;
}
