import { readTargets } from '../../aws/balancers.ts';
import { freeAddresses, vcpusOf } from '../../aws/capacity.ts';
import { readGroup } from '../../aws/groups.ts';
import { isActive, readRefresh } from '../../aws/refreshes.ts';
import { isOver, readScheduledActions } from '../../aws/scaling-settings.ts';
import { PipelineError } from '../../shared/errors.ts';
import { ownActions, type ScaleContext, type ScaleStep } from './state.ts';

/** Targets of one target group, and of one load balancer (AWS). */
const maxTargets = 1000;

/** Looks whether so many machines fit: limits of the group, the balancer, the network and the account; and that nothing else goes on. */
export const checkScale: ScaleStep = {
  id: 'check',
  title: 'Check that it fits',
  describe: ({ state: { scale, group, current }, services: { fleet } }) => [
    `${group} has ${scale.was.desired} machines (minimum ${scale.was.min}, maximum ${scale.was.max}) of ${current.version ?? 'no release'}; ${scale.to} are wanted`,
    'quota of the account, targets of the balancer, free addresses, no refresh under way, nothing scheduled already',
    costLine(scale.to - scale.was.desired, fleet.instance.hourlyPrice, fleet.instance.type),
  ],
  async run(context) {
    const { fleet, aws } = context.services;
    const { scale, group, targetGroupArn } = context.state;
    const [seen, refresh, targets, actions] = await Promise.all([
      readGroup(aws.autoScaling, group),
      readRefresh(aws.autoScaling, group),
      readTargets(aws.elb, targetGroupArn),
      readScheduledActions(aws.autoScaling, group),
    ]);
    if (isActive(refresh)) {
      throw new PipelineError('scale.refresh-active', `an instance refresh of ${group} is ${refresh.status}`, {
        hint: 'wait until it has ended',
      });
    }
    const own = ownActions(actions).filter((one) => !isOver(one, context.clock.now()));
    if (own.length > 0 && (scale.at !== undefined || scale.until !== undefined)) {
      const list = own.map((one) => `${one.name} at ${one.start}`).join(', ');
      throw new PipelineError('scale.scheduled', `${group} has a schedule already: ${list}`, {
        hint: `pipeline scale ${fleet.app} --cancel`,
      });
    }
    const more = scale.to - seen.desired;
    if (scale.to > maxTargets) {
      throw new PipelineError(
        'scale.targets',
        `${scale.to} machines are more than the ${maxTargets} targets of a target group`,
      );
    }
    const free = await freeAddresses(aws.ec2, seen);
    if (more > free) {
      throw new PipelineError(
        'scale.addresses',
        `${more} more machines need as many addresses, and the subnets have ${free}`,
        {
          hint: 'add a subnet to the group',
        },
      );
    }
    await checkQuota(context, more);
    context.note(
      `${targets.filter((one) => one.state === 'healthy').length} of ${seen.desired} machines are healthy; there is room for ${more > 0 ? `${more} more` : 'that'}`,
    );
  },
};

async function checkQuota(context: ScaleContext, more: number): Promise<void> {
  const { fleet, aws } = context.services;
  const vcpus = await vcpusOf(aws.ec2, fleet.instance.type);
  let quota: number | undefined;
  try {
    quota = await context.services.vcpuQuota();
  } catch (error) {
    context.note(`the quota of vCPUs could not be read: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  if (vcpus === undefined || quota === undefined || more * vcpus <= quota) return;
  throw new PipelineError(
    'scale.quota',
    `${more} more ${fleet.instance.type} need ${more * vcpus} vCPUs, and the account may run ${quota} in all`,
    { hint: 'ask for more in Service Quotas (Running On-Demand Standard instances); it may take days' },
  );
}

/** What more machines cost in an hour. */
export function costLine(more: number, hourlyPrice: number | undefined, type: string): string {
  const sign = more < 0 ? '-' : '+';
  const count = Math.abs(more);
  if (hourlyPrice === undefined) return `${sign}${count} ${type}; set instance.hourlyPrice to see what that costs`;
  return `${sign}${count} ${type} at ${hourlyPrice}: ${sign}${(count * hourlyPrice).toFixed(2)} an hour`;
}
