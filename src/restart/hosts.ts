import { readTargets } from '../aws/balancers.ts';
import { readGroup } from '../aws/groups.ts';
import { groupInstances } from '../aws/instances.ts';
import type { FleetGroup, Services } from '../fleet/services.ts';
import type { Host } from '../hosts/types.ts';

/** An instance whose service is to be restarted. */
export interface RestartHost extends Host {
  /** Requests reach it. */
  healthy: boolean;
}

/** The instances of the group that serves, those that do not serve first: they have nothing to lose. What is on its way out is none. */
export async function hostsToRestart(
  { aws }: Pick<Services, 'aws'>,
  { group, targetGroupArn }: FleetGroup,
): Promise<RestartHost[]> {
  const [{ instances: members }, instances, targets] = await Promise.all([
    readGroup(aws.autoScaling, group),
    groupInstances(aws.ec2, group),
    readTargets(aws.elb, targetGroupArn),
  ]);
  const lifecycles = new Map(members.map((one) => [one.id, one.lifecycle]));
  const healthy = new Set(targets.filter((one) => one.state === 'healthy').map((one) => one.id));
  return instances
    .filter(
      ({ id, state, address }) => state === 'running' && address && /InService|Standby/.test(lifecycles.get(id) ?? ''),
    )
    .map(({ id, address }) => ({ instanceId: id, address, healthy: healthy.has(id) }))
    .sort((a, b) => Number(a.healthy) - Number(b.healthy) || a.instanceId.localeCompare(b.instanceId));
}
