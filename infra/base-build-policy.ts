import { tagKeys } from '../src/aws/tags.ts';
import type { Place, Statement } from './deploy-policy.ts';

/** Value of the tag `golden-pipeline:role` on the machine that Packer builds on (packer/base.pkr.hcl). */
const builderRole = 'base-builder';

/**
 * What `pipeline base build` may do: what Packer's `amazon-ebs` needs (developer.hashicorp.com/packer/integrations/hashicorp/amazon)
 * for the template in packer/, and no more of that list. Machines are narrowed by the builder's tag, key pairs by Packer's prefix.
 * Debian's Packer gives neither its security group nor a fresh image tags, so those are narrowed to what belongs to no fleet.
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
      // After an interrupt Packer takes back what it has made; an image that has no tags yet stays and is told in its output.
      Sid: 'TakeBackBaseImages',
      Effect: 'Allow',
      Action: ['ec2:DeregisterImage', 'ec2:DeleteSnapshot'],
      Resource: pictures,
      Condition: { StringEquals: { [`aws:ResourceTag/${tagKeys.base}`]: 'true' } },
    },
  ];
}

/** Reads of Packer and of `pipeline base`: AWS narrows none of them to single resources. */
const reads = [
  // Where the fleet is, and so the builder.
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
