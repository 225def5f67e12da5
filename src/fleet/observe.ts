import { PipelineError } from '@golden-pipeline/shared/errors';
import { findTargetGroup, readTargets } from '../aws/balancers.ts';
import { type Group, readGroup, readGroups } from '../aws/groups.ts';
import { readImage } from '../aws/images.ts';
import { readTemplateVersion } from '../aws/launch-templates.ts';
import { networkOf } from '../aws/launches.ts';
import { type Listener, readListener, readRoutes } from '../aws/listeners.ts';
import type { FleetFacts, FleetGroup, Services } from './services.ts';
import { chooseLive, routesTo } from './traffic-groups.ts';

/** The fleet as it is now. */
export interface Observation {
  /** What a run starts with. */
  facts: FleetFacts;
  /** The group that serves. */
  live: Group;
  /** The other group of a blue/green fleet. */
  idle?: Group;
  /** Part of the traffic that the group which serves gets, from 0 to 1: less than 1 only while traffic is shifted. */
  share: number;
  /** Ids of the instances that are in service and healthy for the balancer. */
  healthy: string[];
}

type Ports = Pick<Services, 'fleet' | 'aws'>;

/**
 * Reads group, template, target groups and balancer: a handful of calls whatever the fleet's size.
 * @throws PipelineError when a part of the fleet does not exist.
 */
export async function observeFleet(ports: Ports): Promise<Observation> {
  const { fleet, aws } = ports;
  const [groups, validationTargetGroupArn] = await Promise.all([
    readFleetGroups(ports),
    findTargetGroup(aws.elb, fleet.names.validationTargetGroup),
  ]);
  const { live, idle, share, listener } = groups;
  const [template, targets] = await Promise.all([
    readTemplateVersion(aws.ec2, live.seen.launchTemplate.id, live.seen.launchTemplate.version),
    readTargets(aws.elb, live.targetGroupArn),
  ]);
  const image = template.imageId ? await readImage(aws.ec2, template.imageId) : undefined;
  const serving = new Set(targets.filter((target) => target.state === 'healthy').map((target) => target.id));
  const inService = live.seen.instances.filter(
    (instance) => instance.lifecycle === 'InService' && serving.has(instance.id),
  );
  return {
    facts: {
      group: live.group,
      targetGroupArn: live.targetGroupArn,
      ...(idle && { idle: { group: idle.group, targetGroupArn: idle.targetGroupArn } }),
      listenerArn: listener.arn,
      validationTargetGroupArn,
      url: listener.url,
      current: {
        templateId: template.templateId,
        templateVersion: template.number,
        imageId: template.imageId,
        // Of an image that is gone only the template still tells.
        version: image ? image.version : template.release,
        ...(template.release !== undefined && { templateRelease: template.release }),
        network: networkOf(live.seen, template),
      },
    },
    live: live.seen,
    ...(idle && { idle: idle.seen }),
    share,
    healthy: inService.map((instance) => instance.id),
  };
}

/**
 * The group that serves: with blue/green the one with the greater part of the traffic. A few calls, whatever the fleet's size.
 * @throws PipelineError when group, target group or listener do not exist, or when the traffic goes to neither group
 */
export async function readLive(ports: Ports): Promise<SeenGroup> {
  return (await readFleetGroups(ports)).live;
}

/** A group as it was read, and where it is registered. */
export interface SeenGroup extends FleetGroup {
  seen: Group;
}

/** The groups of a fleet, and which of them serves. */
export interface FleetGroups {
  live: SeenGroup;
  idle?: SeenGroup;
  share: number;
  listener: Listener;
}

/** The groups without what they launch: a few calls. @throws as {@link readLive} */
export function readFleetGroups(ports: Ports): Promise<FleetGroups> {
  return ports.fleet.release.strategy === 'blue-green' ? twoGroups(ports) : oneGroup(ports);
}

async function oneGroup({ fleet, aws }: Ports): Promise<FleetGroups> {
  const { names, balancer } = fleet;
  const [seen, targetGroupArn, listener] = await Promise.all([
    readGroup(aws.autoScaling, names.group),
    findTargetGroup(aws.elb, names.targetGroup),
    readListener(aws.elb, names.loadBalancer, balancer.listenerPort),
  ]);
  const elsewhere = listener.weights.find(
    (one) => one.weight > 0 && one.targetGroupArn.includes(`:targetgroup/${names.greenTargetGroup}/`),
  );
  if (elsewhere) {
    throw new PipelineError(
      'fleet.two-groups',
      `${names.greenTargetGroup} has traffic, but release.strategy of ${fleet.app} in ${fleet.environment} is 'rolling'`,
      { fix: "set release.strategy to 'blue-green', or give all traffic back to the first group before the change" },
    );
  }
  return { live: { group: seen.name, targetGroupArn, seen }, share: 1, listener };
}

async function twoGroups({ fleet, aws }: Ports): Promise<FleetGroups> {
  const { names, balancer } = fleet;
  const [read, first, second, listener] = await Promise.all([
    readGroups(aws.autoScaling, [names.group, names.greenGroup]),
    findTargetGroup(aws.elb, names.targetGroup),
    findTargetGroup(aws.elb, names.greenTargetGroup),
    readListener(aws.elb, names.loadBalancer, balancer.listenerPort),
  ]);
  const [blue, green] = read as [Group, Group];
  const groups: [SeenGroup, SeenGroup] = [
    { group: blue.name, targetGroupArn: first, seen: blue },
    { group: green.name, targetGroupArn: second, seen: green },
  ];
  const known = listener.weights.some((one) =>
    groups.some((fleetGroup) => fleetGroup.targetGroupArn === one.targetGroupArn),
  );
  // The default action may be somebody else's; then rules lead here.
  const weights = known
    ? listener.weights
    : routesTo(await readRoutes(aws.elb, listener.arn), fleet, groups)[0]?.weights;
  const stranger = weights?.find(
    (one) => one.weight > 0 && !groups.some((fleetGroup) => fleetGroup.targetGroupArn === one.targetGroupArn),
  );
  if (stranger) {
    throw new PipelineError(
      'listener.stranger',
      `the listener sends a part of the traffic to ${stranger.targetGroupArn}`,
      {
        fix: `with blue/green it goes to ${blue.name} or ${green.name} only: take the other target group off the listener`,
      },
    );
  }
  return { ...chooseLive(groups, weights ?? []), listener };
}
