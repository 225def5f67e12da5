import type {
  CreateSecurityGroupRequest,
  CreateSecurityGroupResult,
  DeleteSecurityGroupRequest,
  DeleteSecurityGroupResult,
  DescribeSecurityGroupRulesRequest,
  DescribeSecurityGroupRulesResult,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../context.ts';
import { newId } from '../ids.ts';
import type { CloudState, SecurityGroupRecord, SecurityGroupRuleRecord } from '../model.ts';
import { defaultVpc, findVpc, type Vpc } from '../network.ts';
import type { Region } from '../regions.ts';
import { account } from '../settings.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { invalidValue, required } from './errors.ts';
import { applyFilters, type Fields } from './filters.ts';
import { requireVpc } from './network.ts';
import { paginate } from './pagination.ts';
import { ruleAccessHandlers } from './security-group-access.ts';
import { ruleChangeHandlers } from './security-group-changes.ts';
import { checkGroupId, findGroup, toPermissions, toRule } from './security-group-rules.ts';
import { tagList, tagsFor } from './tag-shapes.ts';

/** Security groups: kept and checked as in EC2. They filter nothing: machines listen on loopback only. */
export function securityGroupHandlers(context: CloudContext): HandlerTable {
  const { clock, state, region } = context;
  return {
    ...ruleAccessHandlers(context),
    ...ruleChangeHandlers(context),
    CreateSecurityGroup: (input: CreateSecurityGroupRequest): CreateSecurityGroupResult => {
      const name = checkName(required(input.GroupName, 'GroupName'));
      const description = required(input.Description, 'GroupDescription');
      if (description.length > 255) throw invalidValue('The group description is limited to 255 characters');
      const vpc = vpcOf(context, input.VpcId);
      if (Object.values(state.securityGroups).some((one) => one.name === name && one.vpcId === vpc.id)) {
        throw new CloudError(
          'InvalidGroup.Duplicate',
          `The security group '${name}' already exists for VPC '${vpc.id}'`,
        );
      }
      const tags = tagsFor(input.TagSpecifications, 'security-group', ['security-group']);
      const group = newGroup(vpc.id, newId('sg'), name, description, []);
      state.securityGroups[group.id] = { ...group, tags, createdAt: clock.now() };
      context.changed();
      return { GroupId: group.id, SecurityGroupArn: arnOf(region, group.id), Tags: tagList(tags) };
    },
    DescribeSecurityGroups: (input: DescribeSecurityGroupsRequest): DescribeSecurityGroupsResult => {
      const ids = input.GroupIds ?? [];
      const names = input.GroupNames ?? [];
      const named = [
        ...ids.map((id) => findGroup(context, checkGroupId(id))),
        ...names.map((name) => findGroup(context, undefined, name)),
      ];
      const asked = ids.length + names.length > 0 ? [...new Set(named)] : Object.values(state.securityGroups);
      const kept = applyFilters(asked, input.Filters, groupFields(state), (one) => one.tags);
      const page = paginate(kept, input, { min: 5, max: 1000 }, (one) => one.id);
      return { SecurityGroups: page.items.map((one) => toGroup(region, one)), NextToken: page.nextToken };
    },
    DescribeSecurityGroupRules: (input: DescribeSecurityGroupRulesRequest): DescribeSecurityGroupRulesResult => {
      const rows = Object.values(state.securityGroups).flatMap((group) => [
        ...group.ingress.map((rule) => ({ group, rule, egress: false })),
        ...group.egress.map((rule) => ({ group, rule, egress: true })),
      ]);
      const ids = input.SecurityGroupRuleIds ?? [];
      const lost = ids.find((id) => !rows.some(({ rule }) => rule.id === id));
      if (lost)
        throw new CloudError(
          'InvalidSecurityGroupRuleId.NotFound',
          `The security group rule ID '${lost}' does not exist`,
        );
      const asked = ids.length > 0 ? rows.filter(({ rule }) => ids.includes(rule.id)) : rows;
      const kept = applyFilters(
        asked,
        input.Filters,
        { 'group-id': ({ group }) => group.id, 'security-group-rule-id': ({ rule }) => rule.id },
        ({ rule }) => rule.tags ?? {},
      );
      const page = paginate(kept, input, { min: 5, max: 1000 }, ({ group, rule }) => `${group.id} ${rule.id}`);
      return {
        SecurityGroupRules: page.items.map(({ group, rule, egress }) => toRule(group, rule, egress)),
        NextToken: page.nextToken,
      };
    },
    DeleteSecurityGroup: (input: DeleteSecurityGroupRequest): DeleteSecurityGroupResult => {
      const group = findGroup(context, input.GroupId, input.GroupName);
      if (findVpc(context, group.vpcId)?.defaultSecurityGroupId === group.id) {
        throw new CloudError(
          'CannotDelete',
          `the specified group: "${group.id}" name: "${group.name}" cannot be deleted by a user`,
        );
      }
      if (isUsed(state, group.id)) {
        throw new CloudError('DependencyViolation', `resource ${group.id} has a dependent object`);
      }
      delete state.securityGroups[group.id];
      context.changed();
      return { Return: true, GroupId: group.id };
    },
  };
}

/** @throws CloudError `InvalidVpcID.NotFound`; `VPCIdNotSpecified` when none is named and there is no default one. */
function vpcOf(context: CloudContext, id: string | undefined): Vpc {
  if (id) return requireVpc(context, id);
  const vpc = defaultVpc(context);
  if (!vpc) throw new CloudError('VPCIdNotSpecified', 'No default VPC for this user');
  return vpc;
}

/** Adds the default group of the default VPC, unless it is there. */
export function ensureDefaultGroup(context: CloudContext): void {
  const vpc = defaultVpc(context);
  if (vpc && !context.state.securityGroups[vpc.defaultSecurityGroupId]) addDefaultGroup(context, vpc);
}

/** Adds a VPC's default group: machines without a group of their own are in it. */
export function addDefaultGroup(
  context: CloudContext,
  { id: vpcId, defaultSecurityGroupId: id }: Pick<Vpc, 'id' | 'defaultSecurityGroupId'>,
): void {
  const within: SecurityGroupRuleRecord = { id: newId('sgr'), protocol: '-1', groupId: id };
  context.state.securityGroups[id] = newGroup(vpcId, id, 'default', 'default VPC security group', [within]);
  context.changed();
}

const groupFields = (state: CloudState): Fields<SecurityGroupRecord> => ({
  'group-id': (one) => one.id,
  'group-name': (one) => one.name,
  description: (one) => one.description,
  'vpc-id': (one) => one.vpcId,
  'owner-id': () => account.id,
  ...ruleFields(state, 'ip-permission', (one) => one.ingress),
  ...ruleFields(state, 'egress.ip-permission', (one) => one.egress),
});

/** What filters look at in a group's rules of one direction. There are no prefix lists. */
function ruleFields(
  state: CloudState,
  prefix: string,
  rulesOf: (group: SecurityGroupRecord) => SecurityGroupRuleRecord[],
): Fields<SecurityGroupRecord> {
  const read: Record<string, (rule: SecurityGroupRuleRecord) => string | undefined> = {
    cidr: ({ cidr }) => (cidr?.includes(':') ? undefined : cidr),
    'ipv6-cidr': ({ cidr }) => (cidr?.includes(':') ? cidr : undefined),
    'from-port': ({ fromPort }) => fromPort?.toString(),
    'to-port': ({ toPort }) => toPort?.toString(),
    'group-id': ({ groupId }) => groupId,
    'group-name': ({ groupId }) => groupId && state.securityGroups[groupId]?.name,
    'prefix-list-id': () => undefined,
    protocol: ({ protocol }) => protocol,
    'user-id': ({ groupId }) => groupId && account.id,
  };
  return Object.fromEntries(
    Object.entries(read).map(([name, of]) => [`${prefix}.${name}`, (group) => rulesOf(group).map(of)]),
  );
}

/** Every group starts by letting everything out. */
function newGroup(
  vpcId: string,
  id: string,
  name: string,
  description: string,
  ingress: SecurityGroupRuleRecord[],
): SecurityGroupRecord {
  const egress: SecurityGroupRuleRecord[] = [{ id: newId('sgr'), protocol: '-1', cidr: '0.0.0.0/0' }];
  return { id, name, description, vpcId, ingress, egress, tags: {} };
}

function toGroup(region: Region, record: SecurityGroupRecord) {
  return {
    GroupId: record.id,
    GroupName: record.name,
    Description: record.description,
    VpcId: record.vpcId,
    OwnerId: account.id,
    SecurityGroupArn: arnOf(region, record.id),
    IpPermissions: toPermissions(record.ingress),
    IpPermissionsEgress: toPermissions(record.egress),
    Tags: tagList(record.tags),
  };
}

function arnOf(region: Region, id: string): string {
  return `arn:aws:ec2:${region.name}:${account.id}:security-group/${id}`;
}

function checkName(name: string): string {
  if (name.length > 255 || !/^[A-Za-z0-9 ._\-:/()#,@[\]+=&;{}!$*]+$/.test(name)) {
    throw invalidValue(
      `Invalid security group name '${name}': up to 255 of a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*`,
    );
  }
  if (/^sg-/i.test(name)) throw invalidValue(`Invalid group name '${name}': it must not begin with sg-`);
  if (name === 'default')
    throw new CloudError('InvalidGroup.Reserved', `The security group name '${name}' is reserved`);
  return name;
}

function isUsed(state: CloudState, id: string): boolean {
  const byInstance = Object.values(state.instances).some(
    (one) => one.state !== 'terminated' && one.securityGroupIds.includes(id),
  );
  const byBalancer = Object.values(state.loadBalancers).some((one) => one.securityGroupIds.includes(id));
  const byGroup = Object.values(state.securityGroups).some(
    (one) => one.id !== id && [...one.ingress, ...one.egress].some((rule) => rule.groupId === id),
  );
  return byInstance || byBalancer || byGroup;
}
