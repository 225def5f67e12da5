import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  paginateDescribeSecurityGroupRules,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { instantOf } from '../shared/instant.ts';
import { awsCode, isNotFound } from './errors.ts';
import { observed, observedChange } from './observed.ts';
import { setResourceTags } from './resource-tags.ts';
import { instancesRole, tagKeys, tagValue, toTags } from './tags.ts';

/** A temporary rule of a security group, created by the pipeline. */
export interface Opening {
  ruleId: string;
  groupId: string;
  name: string;
  port: number;
  cidr: string;
  /** Milliseconds since the epoch. */
  expires: number;
  by: string;
  /** The file in pipelines/ with the task that closes it. */
  file: string;
}

const openingKeys = {
  name: 'golden-pipeline:opening',
  expires: 'golden-pipeline:expires',
  by: 'golden-pipeline:by',
  file: 'golden-pipeline:opened-with',
} as const;

/** Ids of the security groups with the tags for a fleet's instances: one, unless somebody has tagged another. */
export async function fleetSecurityGroups(ec2: EC2Client, app: string, environment: string): Promise<string[]> {
  const { SecurityGroups = [] } = await ec2.send(
    new DescribeSecurityGroupsCommand({
      Filters: [
        { Name: `tag:${tagKeys.app}`, Values: [app] },
        { Name: `tag:${tagKeys.environment}`, Values: [environment] },
        { Name: `tag:${tagKeys.role}`, Values: [instancesRole] },
      ],
    }),
  );
  return SecurityGroups.flatMap((one) => one.GroupId ?? []);
}

/**
 * The security group of a fleet's instances.
 * @throws PipelineError `security-group.no-fleet`, or `security-group.ambiguous` when several have its tags
 */
export async function findFleetSecurityGroup(ec2: EC2Client, app: string, environment: string): Promise<string> {
  const [first, ...others] = await fleetSecurityGroups(ec2, app, environment);
  if (first && others.length === 0) return first;
  if (!first) {
    throw new PipelineError(
      'security-group.no-fleet',
      `no security group has the tags of the instances of ${app} in ${environment}`,
      {
        fix: `correct \`fleet\` in the pipelines file, or deploy the infrastructure, which sets the tags ${tagKeys.app}, ${tagKeys.environment} and ${tagKeys.role}=${instancesRole}`,
      },
    );
  }
  const ids = [first, ...others].join(', ');
  throw new PipelineError('security-group.ambiguous', `several security groups have the tags of ${app}: ${ids}`, {
    fix: 'name one of them as `securityGroup` in the pipelines file',
  });
}

/**
 * Id of a security group, by id or by name.
 * @throws PipelineError `security-group.missing`, or `security-group.ambiguous` when several networks have one of that name
 */
export async function findSecurityGroup(ec2: EC2Client, nameOrId: string): Promise<string> {
  const Name = nameOrId.startsWith('sg-') ? 'group-id' : 'group-name';
  const { SecurityGroups = [] } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name, Values: [nameOrId] }] }),
  );
  const [first, second] = SecurityGroups;
  if (first?.GroupId && !second) return first.GroupId;
  if (!first) {
    throw new PipelineError('security-group.missing', `there is no security group ${nameOrId}`, {
      fix: 'correct its name in the pipelines file',
    });
  }
  const ids = SecurityGroups.map((one) => `${one.GroupId} in ${one.VpcId}`).join(', ');
  throw new PipelineError('security-group.ambiguous', `several security groups are called ${nameOrId}: ${ids}`, {
    fix: 'name it by its id in the pipelines file',
  });
}

/**
 * Openings in an environment: those of an app, or those that the tasks of a file in pipelines/ have created for any
 * app.
 */
export async function listOpenings(
  ec2: EC2Client,
  of: { app: string } | { file: string },
  environment: string,
): Promise<Opening[]> {
  const found: Opening[] = [];
  const [key, value] = 'app' in of ? [tagKeys.app, of.app] : [openingKeys.file, of.file];
  const pages = paginateDescribeSecurityGroupRules(
    { client: ec2 },
    {
      Filters: [
        { Name: `tag:${key}`, Values: [value] },
        { Name: `tag:${tagKeys.environment}`, Values: [environment] },
      ],
      MaxResults: 1000,
    },
  );
  for await (const { SecurityGroupRules = [] } of pages) {
    for (const rule of SecurityGroupRules) {
      const name = tagValue(rule.Tags, openingKeys.name);
      if (name === undefined) continue;
      found.push({
        ruleId: rule.SecurityGroupRuleId ?? '',
        groupId: rule.GroupId ?? '',
        name,
        port: rule.FromPort ?? 0,
        cidr: rule.CidrIpv4 ?? '',
        expires: instantOf(tagValue(rule.Tags, openingKeys.expires) ?? ''),
        by: tagValue(rule.Tags, openingKeys.by) ?? '',
        file: tagValue(rule.Tags, openingKeys.file) ?? tagValue(rule.Tags, tagKeys.app) ?? '',
      });
    }
  }
  return found;
}

/** What is opened. */
export interface OpeningRequest {
  groupId: string;
  /** The owner: the deploy role of this app may create and close it. */
  app: string;
  file: string;
  environment: string;
  name: string;
  port: number;
  cidr: string;
  expires: number;
  by: string;
}

/**
 * Opens one TCP port to one range; returns the rule's id.
 * @throws PipelineError `security-group.taken` when the same rule exists already, created by somebody else
 */
export async function openPort(ec2: EC2Client, request: OpeningRequest): Promise<string> {
  const { groupId, app, file, environment, name, port, cidr, expires, by } = request;
  const tags = {
    [tagKeys.app]: app,
    [tagKeys.environment]: environment,
    [openingKeys.name]: name,
    [openingKeys.expires]: new Date(expires).toISOString(),
    [openingKeys.by]: by,
    [openingKeys.file]: file,
  };
  const command = new AuthorizeSecurityGroupIngressCommand({
    GroupId: groupId,
    IpPermissions: [
      {
        IpProtocol: 'tcp',
        FromPort: port,
        ToPort: port,
        IpRanges: [{ CidrIp: cidr, Description: `${name} by ${by}` }],
      },
    ],
    TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: toTags(tags) }],
  });
  try {
    return await observed(
      async () => (await ec2.send(command)).SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? '',
      async () => {
        const there = await listOpenings(ec2, { file }, environment);
        const isOurs = (one: Opening) => one.groupId === groupId && one.port === port && one.cidr === cidr;
        // A rule of the same file with another end was there before.
        const end = Math.trunc(expires);
        return there.find((one) => isOurs(one) && one.name === name && one.expires === end)?.ruleId;
      },
    );
  } catch (error) {
    if (awsCode(error) !== 'InvalidPermission.Duplicate') throw error;
    throw new PipelineError(
      'security-group.taken',
      `port ${port} of ${groupId} is open to ${cidr} already, by a rule that is not of ${file}`,
      { fix: 'it needs no opening; whoever made that rule may close it', cause: error },
    );
  }
}

/** Changes the end time of an opening. */
export async function prolongOpening(ec2: EC2Client, ruleId: string, expires: number): Promise<void> {
  await setResourceTags(ec2, [ruleId], { [openingKeys.expires]: new Date(expires).toISOString() });
}

/** Closes an opening; one that is already closed is not an error. */
export async function closePort(
  ec2: EC2Client,
  { groupId, ruleId }: Pick<Opening, 'groupId' | 'ruleId'>,
): Promise<void> {
  try {
    await observedChange(
      () => ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: groupId, SecurityGroupRuleIds: [ruleId] })),
      () => isClosed(ec2, ruleId),
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function isClosed(ec2: EC2Client, ruleId: string): Promise<boolean> {
  const { SecurityGroupRules = [] } = await ec2.send(
    new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'security-group-rule-id', Values: [ruleId] }] }),
  );
  return SecurityGroupRules.length === 0;
}
