import { readGroup } from '../aws/groups.ts';
import { groupInstances, readInstance } from '../aws/instances.ts';
import type { Host } from '../hosts/types.ts';
import type { RefreshContext } from './state.ts';

/** A host with values in its memory. */
export interface RefreshHost extends Host {
  /** Requests reach it. */
  serves: boolean;
}

/**
 * The hosts of the fleet that run: those that serve first. Hosts of the group without traffic and of a running warm pool are among them, as
 * they may serve any time. What boots later reads the secrets by itself.
 */
export async function hostsToRefresh({ services: { aws }, state }: RefreshContext): Promise<RefreshHost[]> {
  const names = [state.group, ...(state.idle ? [state.idle.group] : [])];
  const found = await Promise.all(
    names.map(async (name) => {
      const [group, instances] = await Promise.all([readGroup(aws.autoScaling, name), groupInstances(aws.ec2, name)]);
      const lifecycles = new Map(group.instances.map((one) => [one.id, one.lifecycle]));
      return instances
        .filter((instance) => instance.state === 'running' && instance.address)
        .filter(({ id }) => !/^(Pending|Terminat|Detach)/.test(lifecycles.get(id) ?? ''))
        .map(({ id, address }) => ({
          instanceId: id,
          address,
          serves: name === state.group && lifecycles.get(id) === 'InService',
        }));
    }),
  );
  return found.flat().sort((a, b) => Number(b.serves) - Number(a.serves) || a.instanceId.localeCompare(b.instanceId));
}

/** Whether a host still runs: what has ended meanwhile needs nothing. */
export async function stillRuns({ services: { aws } }: RefreshContext, { instanceId }: Host): Promise<boolean> {
  return (await readInstance(aws.ec2, instanceId))?.state === 'running';
}
