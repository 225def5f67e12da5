import { CfnAutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { CfnLaunchTemplate, CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnInstanceProfile, ManagedPolicy, PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnParameter, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { FleetDefinition } from '../src/aws/fleet-definition.ts';
import { otherParametersDenied, secretsPolicy } from '../src/aws/secrets-policy.ts';
import type { Fleet } from '../src/config/settings.ts';
import type { Balancer } from './balancer.ts';
import type { LiveFleet } from './live-fleet.ts';
import { idOf } from './logical-id.ts';
import type { Network } from './network.ts';

/** The instances of a fleet. */
export interface Instances {
  role: Role;
  securityGroup: CfnSecurityGroup;
  groups: CfnAutoScalingGroup[];
}

/** Launch template and Auto Scaling group(s) of a fleet. */
export function createInstances(
  scope: Construct,
  fleet: Fleet,
  definition: FleetDefinition,
  network: Network,
  balancer: Balancer,
  live: LiveFleet,
): Instances {
  const { partition, region, account } = Stack.of(scope);
  const place = { partition, region, account };
  const role = new Role(scope, 'InstanceRole', {
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    description: `Instances of ${fleet.app} in ${fleet.environment}`,
    // Session Manager: access without open ports.
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore')],
    inlinePolicies: {
      secrets: PolicyDocument.fromJson({
        Version: '2012-10-17',
        Statement: [...secretsPolicy(fleet, place), otherParametersDenied(fleet, place)],
      }),
    },
  });
  const profile = new CfnInstanceProfile(scope, 'InstanceProfile', { roles: [role.roleName] });
  const securityGroup = createSecurityGroup(scope, fleet, definition, network, balancer);
  const template = createTemplate(scope, fleet, definition, securityGroup, profile);
  const groups = definition.groups.map((group) => {
    const properties = {
      autoScalingGroupName: group.name,
      maxSize: String(group.max),
      targetGroupArns: [balancer.targetGroups.get(group.targetGroup)?.ref ?? ''],
      vpcZoneIdentifier: network.subnetIds,
      healthCheckType: 'ELB',
      healthCheckGracePeriod: group.healthCheckGraceSeconds,
      defaultInstanceWarmup: group.defaultWarmupSeconds,
      metricsCollection: [{ granularity: '1Minute' }],
    };
    const tags = Object.entries(definition.tags).map(([key, value]) => ({ key, value, propagateAtLaunch: true }));
    const { minSize, version } = live.group(group.name, template.ref, { ...properties, tags }, balancer.serving);
    const made = new CfnAutoScalingGroup(scope, idOf('Group', group.name), {
      ...properties,
      tags,
      // Never a desired capacity: that belongs to Auto Scaling and to `pipeline scale`. The first release fills the
      // group.
      minSize,
      launchTemplate: { launchTemplateId: template.ref, version },
    });
    // An unchanged size is not sent at all.
    made.cfnOptions.updatePolicy = { autoScalingScheduledAction: { ignoreUnmodifiedGroupSizeProperties: true } };
    // Otherwise the health of instances would come from target groups without a rule.
    made.addResourceDependency(balancer.serving);
    return made;
  });
  return { role, securityGroup, groups };
}

/**
 * Access from the load balancer only, and by SSH from the configured sources. Temporary openings find the group by its
 * tags.
 */
function createSecurityGroup(
  scope: Construct,
  fleet: Fleet,
  { securityGroup }: FleetDefinition,
  network: Network,
  balancer: Balancer,
): CfnSecurityGroup {
  return new CfnSecurityGroup(scope, 'InstanceSecurityGroup', {
    vpcId: network.vpcId,
    groupDescription: securityGroup.description,
    tags: Object.entries(securityGroup.tags).map(([key, value]) => ({ key, value })),
    securityGroupIngress: [
      {
        ipProtocol: 'tcp',
        fromPort: fleet.service.port,
        toPort: fleet.service.port,
        sourceSecurityGroupId: balancer.securityGroup.attrGroupId,
        description: 'requests and health checks',
      },
      ...fleet.infrastructure.sshCidrs.map((cidrIp) => ({
        ipProtocol: 'tcp',
        fromPort: fleet.ssh.port,
        toPort: fleet.ssh.port,
        cidrIp,
        description: 'SSH',
      })),
    ],
  });
}

function createTemplate(
  scope: Construct,
  fleet: Fleet,
  { template }: FleetDefinition,
  securityGroup: CfnSecurityGroup,
  profile: CfnInstanceProfile,
): CfnLaunchTemplate {
  const { infrastructure, instance } = fleet;
  const tags = Object.entries(template.instanceTags).map(([key, value]) => ({ key, value }));
  return new CfnLaunchTemplate(scope, 'Template', {
    launchTemplateName: template.name,
    versionDescription: template.description,
    // The deploy role may change templates with these tags only.
    tagSpecifications: [{ resourceType: 'launch-template', tags }],
    launchTemplateData: {
      imageId: baseImage(scope, instance.baseImage),
      instanceType: template.instanceType,
      keyName: template.keyName,
      iamInstanceProfile: { arn: profile.attrArn },
      securityGroupIds: [securityGroup.attrGroupId, ...instance.securityGroupIds],
      // IMDSv2 only, and not for containers on the instance.
      metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1, instanceMetadataTags: 'disabled' },
      monitoring: { enabled: true },
      blockDeviceMappings: [
        {
          deviceName: infrastructure.volumeDevice,
          ebs: {
            encrypted: true,
            volumeType: 'gp3',
            volumeSize: infrastructure.volumeGiB,
            deleteOnTermination: true,
            volumeInitializationRate: infrastructure.volumeInitializationRate,
          },
        },
      ],
      tagSpecifications: ['instance', 'volume'].map((resourceType) => ({ resourceType, tags })),
    },
  });
}

/** Only used until the first release. An id is in the configuration; a name is resolved at the first deploy. */
function baseImage(scope: Construct, configured: string): string {
  if (configured.startsWith('ami-')) return configured;
  return new CfnParameter(scope, 'BaseImage', {
    type: 'AWS::EC2::Image::Id',
    description: `Image that the first release starts from: the newest one called ${configured}`,
  }).valueAsString;
}
