import type { Fleet } from '../config/settings.ts';
import { infrastructureVersion } from './launch-templates.ts';
import { machinesRole, tagKeys } from './tags.ts';

/** A target group of a fleet. */
export interface TargetGroupDefinition {
  name: string;
  /** `serving` has the requests (with blue/green one of two), `proof` only those with the proof header. */
  role: 'serving' | 'proof';
  port: number;
  healthCheck: Fleet['balancer']['healthCheck'];
  attributes: Record<string, string>;
}

/** An Auto Scaling group of a fleet. */
export interface GroupDefinition {
  name: string;
  /** Name of the target group that its instances are registered with. */
  targetGroup: string;
  /** The group starts empty: the first release fills it, when there is something to serve. */
  min: 0;
  max: number;
  healthCheckGraceSeconds: number;
  /** Count an instance as soon as it is healthy; a refresh may say otherwise. */
  defaultWarmupSeconds: 0;
}

/** What a fleet is made of, wherever it is made: by the local cloud's set-up through the SDK, on AWS by CloudFormation. */
export interface FleetDefinition {
  tags: Record<string, string>;
  loadBalancer: { name: string; port: number };
  targetGroups: TargetGroupDefinition[];
  proofRule: { priority: number; header: string; value: 'on'; targetGroup: string };
  groups: GroupDefinition[];
  /** The security group of the machines. It is found by its tags: CloudFormation gives it a name of its own. */
  securityGroup: { name: string; description: string; tags: Record<string, string> };
  template: {
    name: string;
    /** How a version that the infrastructure made is told from those of releases. */
    description: string;
    instanceType: string;
    keyName?: string;
    instanceTags: Record<string, string>;
  };
}

/** Priority of the rule of the proof route; below it there is room for rules that must win over it. */
const proofPriority = 10;

/** The definition of a fleet: one source for the local cloud and for AWS. */
export function defineFleet(fleet: Fleet): FleetDefinition {
  const { names, balancer, service } = fleet;
  const tags = { [tagKeys.app]: fleet.app, [tagKeys.environment]: fleet.environment };
  const targetGroup = (name: string, role: TargetGroupDefinition['role']): TargetGroupDefinition => ({
    name,
    role,
    port: service.port,
    healthCheck: balancer.healthCheck,
    attributes: { 'deregistration_delay.timeout_seconds': String(balancer.deregistrationDelaySeconds) },
  });
  const colours = [
    { name: names.group, targetGroup: names.targetGroup },
    ...(fleet.release.strategy === 'blue-green'
      ? [{ name: names.greenGroup, targetGroup: names.greenTargetGroup }]
      : []),
  ];
  return {
    tags,
    loadBalancer: { name: names.loadBalancer, port: balancer.listenerPort },
    targetGroups: [
      ...colours.map((colour) => targetGroup(colour.targetGroup, 'serving')),
      targetGroup(names.proofTargetGroup, 'proof'),
    ],
    proofRule: {
      priority: proofPriority,
      header: balancer.proofHeader,
      value: 'on',
      targetGroup: names.proofTargetGroup,
    },
    groups: colours.map((colour) => ({
      ...colour,
      min: 0,
      max: fleet.capacity.max,
      healthCheckGraceSeconds: fleet.release.timeouts.health,
      defaultWarmupSeconds: 0,
    })),
    securityGroup: {
      name: `instances of ${names.group}`,
      description: `Instances of ${fleet.app} in ${fleet.environment}`,
      tags: { ...tags, [tagKeys.role]: machinesRole },
    },
    template: {
      name: names.launchTemplate,
      description: infrastructureVersion,
      instanceType: fleet.instance.type,
      keyName: fleet.instance.keyName,
      instanceTags: { Name: names.group, ...tags },
    },
  };
}
