import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { readTargets } from '../aws/balancers.ts';
import { groupInstances } from '../aws/instances.ts';
import type { Host } from '../hosts/types.ts';
import { readFleetGroups, type SeenGroup } from './observe.ts';
import type { Services } from './services.ts';

/** A running instance of a fleet, to log in to. */
export interface FleetHost extends Host {
  version?: string;
  /** In service in the group that has the traffic. */
  serves: boolean;
  healthy: boolean;
}

/** The running instances of all groups of a fleet, those that serve and are healthy first. A few calls, whatever the fleet's size. */
export async function fleetHosts(ports: Pick<Services, 'fleet' | 'aws'>): Promise<FleetHost[]> {
  const { live, idle } = await readFleetGroups(ports);
  const found = await Promise.all([hostsOf(ports, live, true), ...(idle ? [hostsOf(ports, idle, false)] : [])]);
  const rank = (host: FleetHost) => `${host.serves ? 0 : 1}${host.healthy ? 0 : 1}${host.instanceId}`;
  return found.flat().sort((a, b) => rank(a).localeCompare(rank(b)));
}

async function hostsOf(
  { aws }: Pick<Services, 'aws'>,
  { group, targetGroupArn, seen }: SeenGroup,
  live: boolean,
): Promise<FleetHost[]> {
  const [instances, targets] = await Promise.all([
    groupInstances(aws.ec2, group),
    readTargets(aws.elb, targetGroupArn),
  ]);
  const lifecycles = new Map(seen.instances.map((one) => [one.id, one.lifecycle]));
  const states = new Map(targets.map((target) => [target.id, target.state]));
  return instances
    .filter((one) => one.state === 'running' && one.address !== '')
    .map(({ id, address, version }) => ({
      instanceId: id,
      address,
      ...(version !== undefined && { version }),
      serves: live && lifecycles.get(id) === 'InService',
      healthy: states.get(id) === 'healthy',
    }));
}

/** Which instances of a fleet are meant. */
export interface HostChoice {
  /** Id of an instance, or the beginning of it. */
  instance?: string;
  version?: string;
}

/**
 * The instances that are meant.
 * @throws usage errors `instance.unknown`, `instance.ambiguous`; PipelineError `instance.none` for a fleet, or a version, without any
 */
export function chooseHosts(
  hosts: readonly FleetHost[],
  { app, environment }: { app: string; environment: string },
  { instance, version }: HostChoice,
): FleetHost[] {
  const where = `${app} in ${environment}`;
  if (hosts.length === 0) {
    throw new PipelineError('instance.none', `${where} has no running instance`, {
      fix: `pipeline status ${app} --env ${environment}`,
    });
  }
  const ofVersion = hosts.filter((host) => version === undefined || host.version === version);
  if (ofVersion.length === 0) {
    const versions = [...new Set(hosts.map((host) => host.version ?? 'no release'))].sort();
    throw new PipelineError('instance.none', `no running instance of ${where} has ${version}`, {
      fix: `running: ${versions.join(', ')}`,
    });
  }
  return instance === undefined
    ? ofVersion
    : [hostOf(ofVersion, instance, (shown) => `${where} has no running instance ${shown}`)];
}

/**
 * The one whose id this is, or the beginning of it.
 * @param unknown The message when there is none, from the text that was given
 * @throws usage errors `instance.unknown`, `instance.ambiguous`, with the ids that there are
 */
export function hostOf<One extends Host>(
  hosts: readonly One[],
  instance: string,
  unknown: (shown: string) => string,
): One {
  const exact = hosts.filter((host) => host.instanceId === instance);
  const found = exact.length > 0 ? exact : hosts.filter((host) => host.instanceId.startsWith(instance));
  const [first, ...others] = found;
  if (first && others.length === 0) return first;
  const names = (first ? found : hosts).map((host) => host.instanceId);
  const listed = `one of: ${names.slice(0, 10).join(', ')}${names.length > 10 ? `, and ${names.length - 10} more` : ''}`;
  if (first) throw usageError('instance.ambiguous', `${show(instance)} is the beginning of several instances`, listed);
  throw usageError('instance.unknown', unknown(show(instance)), listed);
}
