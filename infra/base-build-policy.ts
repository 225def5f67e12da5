import { tagKeys } from '../src/aws/tags.ts';
import type { Place, Statement } from './deploy-policy.ts';

/** Value of the tag `golden-pipeline:role` on the instance that Packer builds on (packer/base.pkr.hcl). */
const builderRole = 'base-builder';

/**
 * Permissions of `pipeline base build`: those that Packer's `amazon-ebs` needs
 * (developer.hashicorp.com/packer/integrations/hashicorp/amazon) for the template in packer/, and no others. Instances
 * are restricted by the builder's tag, key pairs by Packer's prefix. Debian's Packer tags neither its security group
 * nor a new image, so those are restricted to resources without a fleet.
 */
export function baseBuildPolicy(place: Omit<Place, 'instanceRoleArn'>): Statement[] {
  const arn = (resource: string, account = place.account) =>
    `arn:${place.partition}:ec2:${place.region}:${account}:${resource}`;
  const ec2 = (...kinds: string[]) => kinds.map((kind) => arn(`${kind}/*`));
  // Images and snapshots have no account in their ARN.
  const pictures = ['image', 'snapshot'].map((kind) => arn(`${kind}/*`, ''));
  const keys = arn('key-pair/packer_*');
  const ofNoFleet = { Null: { [`aws:ResourceTag/${tagKeys.app}`]: 'true' } };
  const builder = { [`aws:ResourceTag/${tagKeys.role}`]: builderRole };
  return [
    {
      Sid: 'Read',
      Effect: 'Allow',
      Action: [...reads],
      Resource: '*',
    },
    {
      Sid: 'OwnKeys',
      Effect: 'Allow',
      Action: ['ec2:CreateKeyPair', 'ec2:DeleteKeyPair'],
      Resource: keys,
    },
    {
      Sid: 'MakeTheBuildersSecurityGroup',
      Effect: 'Allow',
      Action: ['ec2:CreateSecurityGroup'],
      Resource: ec2('security-group', 'vpc'),
    },
    {
      Sid: 'SecurityGroupsOfNoFleet',
      Effect: 'Allow',
      Action: ['ec2:AuthorizeSecurityGroupIngress', 'ec2:DeleteSecurityGroup'],
      Resource: ec2('security-group'),
      Condition: ofNoFleet,
    },
    {
      Sid: 'LaunchFromAnything',
      Effect: 'Allow',
      Action: ['ec2:RunInstances'],
      Resource: [...pictures, ...ec2('network-interface', 'security-group', 'subnet', 'volume'), keys],
    },
    {
      Sid: 'LaunchTheBuilder',
      Effect: 'Allow',
      Action: ['ec2:RunInstances'],
      Resource: ec2('instance'),
      Condition: { StringEquals: { [`aws:RequestTag/${tagKeys.role}`]: builderRole } },
    },
    {
      Sid: 'TagAtCreation',
      Effect: 'Allow',
      Action: ['ec2:CreateTags'],
      // Newer releases of Packer tag the group and the key, too.
      Resource: [...ec2('instance', 'volume', 'network-interface', 'security-group'), keys],
      Condition: { StringEquals: { 'ec2:CreateAction': ['RunInstances', 'CreateSecurityGroup', 'CreateKeyPair'] } },
    },
    {
      Sid: 'TheBuilder',
      Effect: 'Allow',
      Action: ['ec2:CreateImage', 'ec2:StopInstances', 'ec2:TerminateInstances'],
      Resource: ec2('instance'),
      Condition: { StringEquals: builder },
    },
    {
      Sid: 'MakeImages',
      Effect: 'Allow',
      Action: ['ec2:CreateImage'],
      Resource: pictures,
    },
    {
      Sid: 'DescribeTheImage',
      Effect: 'Allow',
      Action: ['ec2:ModifyImageAttribute'],
      Resource: arn('image/*', ''),
      Condition: ofNoFleet,
    },
    {
      Sid: 'TagBaseImages',
      Effect: 'Allow',
      Action: ['ec2:CreateTags'],
      Resource: pictures,
      Condition: { StringEquals: { [`aws:RequestTag/${tagKeys.base}`]: 'true' }, ...ofNoFleet },
    },
    {
      // After an interrupt Packer deletes what it has created; an image without tags remains and is named in its
      // output.
      Sid: 'DeregisterBaseImages',
      Effect: 'Allow',
      Action: ['ec2:DeregisterImage', 'ec2:DeleteSnapshot'],
      Resource: pictures,
      Condition: { StringEquals: { [`aws:ResourceTag/${tagKeys.base}`]: 'true' } },
    },
  ];
}

/** Reads of Packer and of `pipeline base`: AWS cannot restrict them to single resources. */
const reads = [
  // To find the network of the fleet, and so of the builder.
  'autoscaling:DescribeAutoScalingGroups',
  'ec2:DescribeImageAttribute',
  'ec2:DescribeImages',
  'ec2:DescribeInstances',
  'ec2:DescribeInstanceStatus',
  'ec2:DescribeInstanceTypeOfferings',
  'ec2:DescribeKeyPairs',
  'ec2:DescribeRegions',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSnapshots',
  'ec2:DescribeSubnets',
  'ec2:DescribeTags',
  'ec2:DescribeVolumes',
  'ec2:DescribeVpcs',
];
