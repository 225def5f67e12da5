import { PipelineError } from '@golden-pipeline/shared/errors';
import { hasFailed, isLaunch, readActivities } from '../aws/activities.ts';
import { readTargets, type TargetHealth } from '../aws/balancers.ts';
import { type Group, readGroup } from '../aws/groups.ts';
import { isTimeout } from '../engine/poll.ts';
import type { RunContext } from '../engine/step.ts';
import { consecutive } from './consecutive.ts';
import { explained, explainGroup, unhealthyTargets } from './explain.ts';
import { type FleetGroup, type Services, times } from './services.ts';

/** What a group still lacks. */
interface Readiness {
  healthy: number;
  desired: number;
  /** What is waited for: instances that boot, and those that are to come. */
  starting: string[];
  /** What no waiting helps: instances that are unhealthy. */
  failing: string[];
}

/** A target that has just been registered: it has no result of a check yet, or is not shown. */
const young = ['initial', 'not registered'];

/** How far a group is, by the lifecycle of its instances and their health for the load balancer. */
export function readinessOf(group: Group, targets: readonly TargetHealth[]): Readiness {
  const health = new Map(targets.map((target) => [target.id, target]));
  const counted = group.instances.filter(({ lifecycle }) => !/^Terminat|Standby|^Detach/.test(lifecycle));
  const readiness: Readiness = { healthy: 0, desired: group.desired, starting: [], failing: [] };
  for (const { id, lifecycle, health: own } of counted) {
    const state = lifecycle === 'InService' ? (health.get(id)?.state ?? 'not registered') : lifecycle;
    if (state === 'healthy') readiness.healthy++;
    else if (own === 'Healthy' && (lifecycle.startsWith('Pending') || young.includes(state))) {
      readiness.starting.push(`${id} is ${state}`);
    } else readiness.failing.push(`${id} is ${state}`);
  }
  const missing = group.desired - counted.length;
  if (missing > 0) readiness.starting.push(missing === 1 ? 'an instance to launch' : `${missing} instances to launch`);
  return readiness;
}

/**
 * Waits, up to `release.timeouts.health`, while a group is only booting. One with unhealthy instances, or whose launches fail, is
 * refused at once: waiting would hide what is wrong with it.
 * @throws PipelineError `preflight.unhealthy` with what the cloud says
 */
export async function waitBooted(
  context: RunContext<Services, object>,
  { group: name, targetGroupArn }: FleetGroup,
): Promise<void> {
  const { fleet, aws } = context.services;
  const explain = explainGroup(context, name);
  const refuse = async (readiness: Readiness, targets: readonly TargetHealth[]) => {
    const { causes, fix } = await explained(explain);
    const { healthy, desired } = readiness;
    return new PipelineError('preflight.unhealthy', `only ${healthy} of ${desired} hosts of ${name} are healthy`, {
      details: [...causes, ...unhealthyTargets(targets.filter(({ state }) => state !== 'draining'))],
      fix: fix ?? 'a release onto an unhealthy fleet hides what is wrong with it: look at `pipeline status` first',
    });
  };
  let last: { readiness: Readiness; targets: TargetHealth[] } | undefined;
  let steady: ((holds: boolean) => boolean) | undefined;
  try {
    await context.poll({
      what: `${name} to boot`,
      read: async () => {
        const [group, targets] = await Promise.all([
          readGroup(aws.autoScaling, name),
          readTargets(aws.elb, targetGroupArn),
        ]);
        const readiness = readinessOf(group, targets);
        last = { readiness, targets };
        if (readiness.healthy >= readiness.desired) return readiness;
        if (readiness.failing.length > 0 || (await launchesFail(context, name))) {
          throw await refuse(readiness, targets);
        }
        // A fleet that was whole at the first look needs no second one.
        steady ??= consecutive(fleet.release.healthyReads);
        return readiness;
      },
      until: ({ healthy, desired }) => (steady ? steady(healthy >= desired) : true),
      progress: ({ healthy, desired, starting }) =>
        context.progress(`${healthy} of ${desired} hosts are healthy; waiting for ${shown(starting)}`, {
          done: Math.min(healthy, desired),
          total: desired,
        }),
      ...times(fleet, 'health'),
    });
  } catch (error) {
    if (!isTimeout(error) || !last) throw error;
    throw await refuse(last.readiness, last.targets);
  }
}

/** Whether the last launch of the group that has ended has failed lately. */
async function launchesFail({ services, clock }: RunContext<Services, object>, group: string): Promise<boolean> {
  const { timeoutMs } = times(services.fleet, 'health');
  const activities = await readActivities(services.aws.autoScaling, group);
  const ended = activities.find((one) => isLaunch(one) && (one.status === 'Successful' || hasFailed(one)));
  return ended !== undefined && hasFailed(ended) && ended.startedAt >= clock.now() - timeoutMs;
}

function shown(starting: readonly string[]): string {
  const more = starting.length - 3;
  return `${starting.slice(0, 3).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
