import {
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  DescribeLaunchTemplatesCommand,
} from '@aws-sdk/client-ec2';
import type { AwsClients } from '../aws/clients.ts';
import { isNotFound } from '../aws/errors.ts';
import type { FleetDefinition } from '../aws/fleet-definition.ts';
import { fleetSecurityGroups } from '../aws/security-groups.ts';
import { toTags } from '../aws/tags.ts';
import type { Fleet } from '../config/settings.ts';

/**
 * Creates the security group of a fleet's instances when absent, which can be opened for a limited time. Returns its
 * id.
 */
export async function ensureSecurityGroup(
  { ec2 }: AwsClients,
  fleet: Fleet,
  { securityGroup }: FleetDefinition,
  VpcId?: string,
): Promise<string> {
  const [there] = await fleetSecurityGroups(ec2, fleet.app, fleet.environment);
  if (there) return there;
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: securityGroup.name,
      Description: securityGroup.description,
      VpcId,
      TagSpecifications: [{ ResourceType: 'security-group', Tags: toTags(securityGroup.tags) }],
    }),
  );
  return GroupId ?? '';
}

/** Creates the launch template of a fleet when absent; an existing one is not changed. Returns its id. */
export async function ensureTemplate(
  { ec2 }: AwsClients,
  fleet: Fleet,
  { template }: FleetDefinition,
  made: { imageId: string; keyName: string; securityGroup: string; profile: string },
): Promise<string> {
  const { name } = template;
  try {
    const { LaunchTemplates } = await ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [name] }));
    if (LaunchTemplates?.[0]?.LaunchTemplateId) return LaunchTemplates[0].LaunchTemplateId;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const tags = toTags(template.instanceTags);
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: name,
      VersionDescription: template.description,
      TagSpecifications: [{ ResourceType: 'launch-template', Tags: tags }],
      LaunchTemplateData: {
        ImageId: made.imageId,
        InstanceType: template.instanceType as 't3.small',
        KeyName: made.keyName,
        SecurityGroupIds: [made.securityGroup, ...fleet.instance.securityGroupIds],
        IamInstanceProfile: { Name: made.profile },
        MetadataOptions: { HttpTokens: 'required' },
        TagSpecifications: [
          { ResourceType: 'instance', Tags: tags },
          { ResourceType: 'volume', Tags: tags },
        ],
      },
    }),
  );
  return LaunchTemplate?.LaunchTemplateId ?? '';
}
