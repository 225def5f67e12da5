import { defineFleet } from '../src/aws/fleet-definition.ts';
import { tokensPolicy } from '../src/aws/secrets-policy.ts';
import { tagKeys } from '../src/aws/tags.ts';
import type { Fleet } from '../src/config/settings.ts';
import { balancerChanges, groupChanges, ownChanges, reads, referenceReads } from './deploy-actions.ts';

/** One statement of an IAM policy. */
export interface Statement {
  Sid: string;
  Effect: 'Allow';
  Action: string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** An IAM variable: the id of the session of the assumed role. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: replaced by IAM, not by JavaScript.
const caller = '${aws:userid}';

/** The scope of a policy in an account; CloudFormation tokens are allowed. */
export interface Place {
  partition: string;
  region: string;
  account: string;
  /** ARN of the instances' role. */
  instanceRoleArn: string;
}

/**
 * Permissions of the pipeline for one fleet: reads of the account (which cannot be restricted), and changes of this
 * fleet's resources only, by name where AWS allows it (Auto Scaling, load balancing, ledger), otherwise by tag (EC2). A
 * test compares it with the calls in the code.
 */
export function deployPolicy(fleet: Fleet, place: Place): Statement[] {
  const { groups, targetGroups, loadBalancer } = defineFleet(fleet);
  const arn = (service: string, resource: string, { region = place.region, account = place.account } = {}) =>
    `arn:${place.partition}:${service}:${region}:${account}:${resource}`;
  const ec2 = (...kinds: string[]) => kinds.map((kind) => arn('ec2', `${kind}/*`));
  // Images and snapshots have no account in their ARN.
  const pictures = (...kinds: string[]) => kinds.map((kind) => arn('ec2', `${kind}/*`, { account: '' }));
  // Retention also deletes copies in other regions.
  const ownPictures = [place.region, ...fleet.release.copyRegions].flatMap((region) =>
    ['image', 'snapshot'].map((kind) => arn('ec2', `${kind}/*`, { region, account: '' })),
  );
  const owned = {
    [`aws:ResourceTag/${tagKeys.app}`]: fleet.app,
    [`aws:ResourceTag/${tagKeys.environment}`]: fleet.environment,
  };
  const tagged = {
    [`aws:RequestTag/${tagKeys.app}`]: fleet.app,
    [`aws:RequestTag/${tagKeys.environment}`]: fleet.environment,
  };
  const ownedBySsm = {
    [`ssm:resourceTag/${tagKeys.app}`]: fleet.app,
    [`ssm:resourceTag/${tagKeys.environment}`]: fleet.environment,
  };
  // Without this, a session without a document is a root shell, whatever documents are allowed.
  const sshOnly = { BoolIfExists: { 'ssm:SessionDocumentAccessCheck': 'true' } };
  const elb = 'elasticloadbalancing';
  const statements: Statement[] = [
    {
      Sid: 'Read',
      Effect: 'Allow',
      Action: [...reads],
      Resource: '*',
    },
    {
      Sid: 'ReadByEc2',
      Effect: 'Allow',
      Action: [...referenceReads],
      Resource: '*',
      Condition: { 'ForAnyValue:StringEquals': { 'aws:CalledVia': ['ec2-images.amazonaws.com'] } },
    },
    {
      Sid: 'Group',
      Effect: 'Allow',
      Action: [...groupChanges],
      Resource: groups.map(({ name }) => arn('autoscaling', `autoScalingGroup:*:autoScalingGroupName/${name}`)),
    },
    {
      Sid: 'Template',
      Effect: 'Allow',
      Action: ['ec2:CreateLaunchTemplateVersion', 'ec2:DeleteLaunchTemplateVersions', 'ec2:ModifyLaunchTemplate'],
      Resource: ec2('launch-template'),
      Condition: { StringEquals: owned },
    },
    {
      Sid: 'LaunchFromTheTemplate',
      Effect: 'Allow',
      Action: ['ec2:RunInstances'],
      Resource: [
        ...pictures('image', 'snapshot'),
        ...ec2('launch-template', 'network-interface', 'security-group', 'subnet', 'key-pair', 'volume'),
      ],
    },
    {
      Sid: 'LaunchTaggedMachines',
      Effect: 'Allow',
      Action: ['ec2:RunInstances'],
      Resource: ec2('instance'),
      Condition: { StringEquals: tagged },
    },
    {
      Sid: 'BakeOwnMachines',
      Effect: 'Allow',
      Action: ['ec2:CreateImage'],
      Resource: ec2('instance'),
      Condition: { StringEquals: owned },
    },
    {
      Sid: 'BakeTaggedImages',
      Effect: 'Allow',
      Action: ['ec2:CreateImage'],
      Resource: pictures('image', 'snapshot'),
      Condition: { StringEquals: tagged },
    },
    {
      Sid: 'TagAtCreation',
      Effect: 'Allow',
      Action: ['ec2:CreateTags'],
      Resource: [
        ...ec2('instance', 'volume', 'network-interface', 'security-group-rule'),
        ...pictures('image', 'snapshot'),
      ],
      Condition: {
        StringEquals: { 'ec2:CreateAction': ['RunInstances', 'CreateImage', 'AuthorizeSecurityGroupIngress'] },
      },
    },
    {
      Sid: 'ChangeOwn',
      Effect: 'Allow',
      Action: [...ownChanges],
      Resource: [...ec2('instance', 'security-group-rule'), ...ownPictures],
      Condition: { StringEquals: owned },
    },
    {
      Sid: 'LoadBalancer',
      Effect: 'Allow',
      Action: [...balancerChanges],
      Resource: [
        ...targetGroups.map(({ name }) => arn(elb, `targetgroup/${name}/*`)),
        arn(elb, `loadbalancer/app/${loadBalancer.name}/*`),
        arn(elb, `listener/app/${loadBalancer.name}/*`),
        arn(elb, `listener-rule/app/${loadBalancer.name}/*`),
      ],
    },
    {
      Sid: 'OpenOwnGroups',
      Effect: 'Allow',
      Action: ['ec2:AuthorizeSecurityGroupIngress', 'ec2:RevokeSecurityGroupIngress'],
      Resource: ec2('security-group'),
      Condition: { StringEquals: owned },
    },
    {
      // The rule does not exist yet, so only the tags of the request can be checked.
      Sid: 'OpenByTaggedRules',
      Effect: 'Allow',
      Action: ['ec2:AuthorizeSecurityGroupIngress'],
      Resource: ec2('security-group-rule'),
      Condition: { StringEquals: tagged },
    },
    {
      Sid: 'GiveMachinesTheirRole',
      Effect: 'Allow',
      Action: ['iam:PassRole'],
      Resource: place.instanceRoleArn,
      Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    },
    {
      Sid: 'SessionsOnOwnMachines',
      Effect: 'Allow',
      Action: ['ssm:StartSession'],
      Resource: [...ec2('instance')],
      // The key that Systems Manager documents for its instances.
      Condition: { StringEquals: ownedBySsm, ...sshOnly },
    },
    {
      Sid: 'SessionsBySsh',
      Effect: 'Allow',
      Action: ['ssm:StartSession'],
      Resource: arn('ssm', 'document/AWS-StartSSHSession', { account: '' }),
      Condition: sshOnly,
    },
    {
      Sid: 'OwnSessions',
      Effect: 'Allow',
      Action: ['ssm:TerminateSession', 'ssm:ResumeSession'],
      Resource: arn('ssm', `session/${caller}-*`),
    },
    {
      // Sessions of an assumed role are named by its session name only, and are identified by this tag.
      Sid: 'OwnSessionsByTag',
      Effect: 'Allow',
      Action: ['ssm:TerminateSession', 'ssm:ResumeSession'],
      Resource: arn('ssm', 'session/*'),
      Condition: { StringLike: { 'ssm:resourceTag/aws:ssmmessages:session-id': [caller, `${caller}-*`] } },
    },
  ];
  const { type, bucket, prefix } = fleet.ledger;
  if (type === 's3' && bucket !== undefined) {
    const home = `arn:${place.partition}:s3:::${bucket}`;
    statements.push(
      {
        Sid: 'Ledger',
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: `${home}/${prefix}/${fleet.environment}/*`,
      },
      {
        Sid: 'LedgerList',
        Effect: 'Allow',
        // Not restricted by prefix, as S3 would then answer 403 instead of 404 for a missing record.
        Action: ['s3:ListBucket'],
        Resource: home,
      },
    );
  }
  for (const { Sid, Action, Resource = [], Condition } of tokensPolicy(fleet, place)) {
    statements.push({ Sid: `Notify${Sid}`, Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });
  }
  return statements;
}
