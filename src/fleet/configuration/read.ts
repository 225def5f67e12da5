import { type FleetResources, type ListenerResource, readFleetResources } from '../../aws/fleet-resources.ts';
import { shareOf } from '../../aws/listeners.ts';
import { readScheduledActions } from '../../aws/scaling-settings.ts';
import { heldBaseline, heldTag } from '../scaling/held-size.ts';
import { ownActions } from '../scaling/windows.ts';
import type { Services } from '../services.ts';
import { type Compared, compareConfiguration, type Difference, type Reading } from './compare.ts';
import { readApplied, valuesOfFile } from './settings.ts';

type Ports = Pick<Services, 'aws' | 'fleet'>;

/** The configuration of a fleet as it was read, and where it differs. */
export interface SeenConfiguration extends Compared {
  resources: FleetResources;
  differences: Difference[];
}

/**
 * Reads what a fleet has in the cloud and compares it with its pipelines file: a handful of calls, whatever its size. What does not
 * exist is left out.
 * @param now Milliseconds since the epoch: an event may be going on.
 */
export async function readConfiguration({ aws, fleet }: Ports, now: number): Promise<SeenConfiguration> {
  const resources = await readFleetResources(aws, fleet);
  const compared: Compared = {
    app: fleet.app,
    file: valuesOfFile(fleet),
    applied: readApplied(resources.groups[0]?.tags ?? {}),
    readings: [],
    instances: resources.groups.reduce((sum, one) => sum + Math.max(one.instances.length, one.desired), 0),
  };
  const readings = [
    ...targetGroupReadings(resources),
    ...listenerReadings({ fleet }, resources, compared),
    ...(await groupReadings({ aws, fleet }, resources, now)),
  ];
  const all = { ...compared, readings };
  return { ...all, resources, differences: compareConfiguration(all) };
}

function targetGroupReadings({ targetGroups }: FleetResources): Reading[] {
  return targetGroups.flatMap(({ name, port, healthCheck, deregistrationDelaySeconds }) => {
    const reading = (setting: Reading['setting'], value: string | number): Reading => ({
      setting,
      kind: 'target group',
      resource: name,
      value: String(value),
    });
    return [
      reading('service.port', port),
      reading('balancer.healthCheck.path', healthCheck.path),
      reading('balancer.healthCheck.intervalSeconds', healthCheck.intervalSeconds),
      reading('balancer.healthCheck.timeoutSeconds', healthCheck.timeoutSeconds),
      reading('balancer.healthCheck.healthyThreshold', healthCheck.healthyThreshold),
      reading('balancer.healthCheck.unhealthyThreshold', healthCheck.unhealthyThreshold),
      reading('balancer.deregistrationDelaySeconds', deregistrationDelaySeconds),
    ];
  });
}

/** The listener that the fleet is reached by: on the port of the file, else on the one that was applied, else the first. */
export function listenerOf(
  { listeners }: Pick<FleetResources, 'listeners'>,
  { file, applied }: Pick<Compared, 'file' | 'applied'>,
): ListenerResource | undefined {
  const on = (port: string | undefined) => listeners.find((one) => String(one.port) === port);
  return on(file['balancer.listenerPort']) ?? on(applied['balancer.listenerPort']) ?? listeners[0];
}

function listenerReadings({ fleet }: Pick<Ports, 'fleet'>, resources: FleetResources, compared: Compared): Reading[] {
  const { names } = fleet;
  const listener = listenerOf(resources, compared);
  if (!listener) return [];
  const validation = resources.targetGroups.find((one) => one.name === names.validationTargetGroup);
  const header = listener.routes.find(
    ({ header: on, weights }) =>
      on?.values.includes('on') && weights.some((one) => one.targetGroupArn === validation?.arn),
  )?.header;
  const reading = { kind: 'load balancer', resource: names.loadBalancer } as const;
  return [
    { ...reading, setting: 'balancer.listenerPort', value: String(listener.port) },
    ...resources.listeners
      .filter((one) => one !== listener)
      .map(
        (one): Reading => ({
          ...reading,
          setting: 'balancer.listenerPort',
          value: String(one.port),
          surplus: true,
        }),
      ),
    ...(header
      ? [{ ...reading, setting: 'balancer.validationHeader' as const, value: header.name.toLowerCase() }]
      : []),
  ];
}

async function groupReadings({ aws, fleet }: Ports, resources: FleetResources, now: number): Promise<Reading[]> {
  const { groups } = resources;
  const live = liveGroup(fleet, resources);
  const limits = groups.flatMap((group): Reading[] => {
    const { name: resource, max, desired, healthCheckGraceSeconds } = group;
    return [
      {
        setting: 'release.timeouts.health',
        kind: 'Auto Scaling group',
        resource,
        value: String(healthCheckGraceSeconds),
      },
      { setting: 'capacity.max', kind: 'Auto Scaling group', resource, value: String(max), desired },
    ];
  });
  // The first release gives an empty fleet its minimum.
  if (!live || (live.min === 0 && live.desired === 0)) return limits;
  const actions = await readScheduledActions(aws.autoScaling, live.name);
  // Where a team has a schedule of its own, the minimum is what that says.
  if (actions.some((one) => one.min !== undefined && ownActions([one]).length === 0)) return limits;
  const held = heldBaseline(live.tags[heldTag], actions, live, now) !== undefined;
  return [
    ...limits,
    {
      setting: 'capacity.min',
      kind: 'Auto Scaling group',
      resource: live.name,
      value: String(live.min),
      desired: live.desired,
      ...(held && { held }),
    },
  ];
}

/** The group with the greater part of the traffic; undefined where that cannot be told. */
function liveGroup(
  { names }: Ports['fleet'],
  { groups, targetGroups, listeners }: FleetResources,
): FleetResources['groups'][number] | undefined {
  const [first, second] = groups;
  if (!second) return first;
  const arnOf = (name: string) => targetGroups.find((one) => one.name === name)?.arn ?? '';
  const [blue, green] = [arnOf(names.targetGroup), arnOf(names.greenTargetGroup)];
  const weights = listeners
    .flatMap(({ routes }) => routes)
    .find((route) => !route.header && route.weights.some((one) => [blue, green].includes(one.targetGroupArn)))?.weights;
  if (!weights) return undefined;
  return shareOf(weights, blue) >= shareOf(weights, green) ? first : second;
}
