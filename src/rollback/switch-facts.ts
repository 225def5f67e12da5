import { groupInstances } from '../aws/instances.ts';
import { readTemplateVersion } from '../aws/launch-templates.ts';
import { readScheduledActions } from '../aws/scaling-settings.ts';
import { readGroupHealth } from '../fleet/group-health.ts';
import { scaleDownName } from '../fleet/group-settings.ts';
import type { FleetFacts, Services } from '../fleet/services.ts';

/** Whether traffic can be switched to the other group, and what that would be like. */
export interface SwitchFacts {
  /** The other group; undefined for a fleet with one group. */
  group?: string;
  /** What its instances were launched from, if all of them run the image to go back to. */
  template?: { id: string; version: string };
  /** Instances in service there that are healthy, and how many traffic waits for: the size of the larger group. */
  healthy: number;
  needed: number;
  /** When Auto Scaling ends it, ISO; undefined when nothing is scheduled. */
  until?: string;
  /** Why it cannot be switched to; empty when it can. */
  why: string;
}

/**
 * Looks at the group without traffic: does it still run an image? The number of calls does not depend on its size.
 * @param imageId The image to go back to.
 */
export async function switchFacts(
  services: Pick<Services, 'aws'>,
  { group, targetGroupArn, idle }: Pick<FleetFacts, 'group' | 'targetGroupArn' | 'idle'>,
  imageId: string | undefined,
): Promise<SwitchFacts> {
  if (!idle) return { healthy: 0, needed: 0, why: 'the fleet has one group only' };
  const { aws } = services;
  const [seen, instances, actions] = await Promise.all([
    readGroupHealth(services, idle, { group, targetGroupArn }),
    groupInstances(aws.ec2, idle.group),
    readScheduledActions(aws.autoScaling, idle.group),
  ]);
  const until = actions.find((one) => one.name === scaleDownName)?.start;
  const facts = {
    group: idle.group,
    healthy: seen.healthy,
    needed: Math.max(seen.leader.desired, seen.group.desired),
    ...(until && { until }),
  };
  const versions = [...new Set(seen.group.instances.map((one) => one.templateVersion ?? ''))];
  const [version] = versions;
  if (version === undefined) return { ...facts, why: `${idle.group} has no instances any more` };
  const { id } = seen.group.launchTemplate;
  const templates = await Promise.all(versions.map((one) => readTemplateVersion(aws.ec2, id, one)));
  if (templates.some((one) => one.imageId !== imageId)) {
    return { ...facts, why: `${idle.group} runs another image than ${imageId ?? 'the one to go back to'}` };
  }
  if (versions.length > 1) return { ...facts, why: `${idle.group} runs several template versions` };
  const switched = instances.filter((instance) => instance.switched !== undefined).length;
  if (switched > 0) {
    return {
      ...facts,
      why: `${switched} instances of ${idle.group} were switched to another environment than their image's`,
    };
  }
  if (seen.healthy === 0) return { ...facts, why: `no instance of ${idle.group} is healthy` };
  return { ...facts, template: { id, version }, why: '' };
}
