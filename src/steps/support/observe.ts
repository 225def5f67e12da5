import { balancerUrl, findTargetGroup, readTargets } from '../../aws/balancers.ts';
import { type Group, readGroup } from '../../aws/groups.ts';
import { readImage } from '../../aws/images.ts';
import { readTemplateVersion } from '../../aws/launch-templates.ts';
import type { FleetFacts, Services } from '../services.ts';

/** The fleet as it is now. */
export interface Observation {
  /** What a run starts with. */
  facts: FleetFacts;
  /** The group that serves. */
  live: Group;
  /** Ids of the instances that are in service and healthy for the balancer. */
  healthy: string[];
}

/**
 * Reads group, template, target groups and balancer: a handful of calls whatever the fleet's size.
 * @throws PipelineError when a part of the fleet does not exist.
 */
export async function observeFleet({ fleet, aws }: Pick<Services, 'fleet' | 'aws'>): Promise<Observation> {
  const [live, targetGroupArn, proofTargetGroupArn, url] = await Promise.all([
    readGroup(aws.autoScaling, fleet.names.group),
    findTargetGroup(aws.elb, fleet.names.targetGroup),
    findTargetGroup(aws.elb, fleet.names.proofTargetGroup),
    balancerUrl(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort),
  ]);
  const [template, targets] = await Promise.all([
    readTemplateVersion(aws.ec2, live.launchTemplate.id, live.launchTemplate.version),
    readTargets(aws.elb, targetGroupArn),
  ]);
  const image = template.imageId ? await readImage(aws.ec2, template.imageId) : undefined;
  const serving = new Set(targets.filter((target) => target.state === 'healthy').map((target) => target.id));
  const inService = live.instances.filter((instance) => instance.lifecycle === 'InService' && serving.has(instance.id));
  return {
    facts: {
      group: live.name,
      targetGroupArn,
      proofTargetGroupArn,
      url,
      current: {
        templateId: template.templateId,
        templateVersion: template.number,
        imageId: template.imageId,
        version: image?.version,
      },
    },
    live,
    healthy: inService.map((instance) => instance.id),
  };
}
