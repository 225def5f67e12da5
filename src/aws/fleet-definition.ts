import type { Fleet } from '../config/settings.ts';
import { infrastructureVersion } from './launch-templates.ts';
import { instancesRole, tagKeys } from './tags.ts';

/** A target group of a fleet. */
export interface TargetGroupDefinition {
  name: string;
  /** `serving` receives the requests (one of two with blue/green), `validation` only those with the validation header. */
  role: 'serving' | 'validation';
  port: number;
  healthCheck: Fleet['balancer']['healthCheck'];
  attributes: Record<string, string>;
}

/** An Auto Scaling group of a fleet. */
export interface GroupDefinition {
  name: string;
  /** Name of the target group that its instances are registered with. */
  targetGroup: string;
  /** The group starts empty: the first release fills it. */
  min: 0;
  max: number;
  healthCheckGraceSeconds: number;
  /** Counts an instance as soon as it is healthy; a refresh may set its own value. */
  defaultWarmupSeconds: 0;
}

/** The resources of a fleet. The local cloud creates them through the SDK, CloudFormation creates them on AWS. */
export interface FleetDefinition {
  tags: Record<string, string>;
  loadBalancer: { name: string; port: number };
  targetGroups: TargetGroupDefinition[];
  validationRule: { priority: number; header: string; value: 'on'; targetGroup: string };
  groups: GroupDefinition[];
  /** The security group of the instances. It is found by its tags, as CloudFormation chooses its name. */
  securityGroup: { name: string; description: string; tags: Record<string, string> };
  template: {
    name: string;
    /** Distinguishes launch template versions of the infrastructure from those of releases. */
    description: string;
    instanceType: string;
    keyName?: string;
    instanceTags: Record<string, string>;
  };
}

/** Priority of the rule of the validation route; lower numbers are free for rules that must take precedence. */
const validationPriority = 10;

/** Builds the definition of a fleet, the same for the local cloud and for AWS. */
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
  const groups = [
    { name: names.group, targetGroup: names.targetGroup },
    ...(fleet.release.strategy === 'blue-green'
      ? [{ name: names.greenGroup, targetGroup: names.greenTargetGroup }]
      : []),
  ];
  return {
    tags,
    loadBalancer: { name: names.loadBalancer, port: balancer.listenerPort },
    targetGroups: [
      ...groups.map((fleetGroup) => targetGroup(fleetGroup.targetGroup, 'serving')),
      targetGroup(names.validationTargetGroup, 'validation'),
    ],
    validationRule: {
      priority: validationPriority,
      header: balancer.validationHeader,
      value: 'on',
      targetGroup: names.validationTargetGroup,
    },
    groups: groups.map((fleetGroup) => ({
      ...fleetGroup,
      min: 0,
      max: fleet.capacity.max,
      healthCheckGraceSeconds: fleet.release.timeouts.health,
      defaultWarmupSeconds: 0,
    })),
    securityGroup: {
      name: `instances of ${names.group}`,
      description: `Instances of ${fleet.app} in ${fleet.environment}`,
      tags: { ...tags, [tagKeys.role]: instancesRole },
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
