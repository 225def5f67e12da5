import type {
  AuthorizeSecurityGroupEgressRequest,
  AuthorizeSecurityGroupEgressResult,
  AuthorizeSecurityGroupIngressRequest,
  AuthorizeSecurityGroupIngressResult,
  RevokeSecurityGroupEgressRequest,
  RevokeSecurityGroupEgressResult,
  RevokeSecurityGroupIngressRequest,
  RevokeSecurityGroupIngressResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../context.ts';
import type { SecurityGroupRecord, SecurityGroupRuleRecord } from '../model.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { type FlatRule, findGroup, findRule, readRules, ruleKey, toRule } from './security-group-rules.ts';
import { tagsFor } from './tag-shapes.ts';

type Direction = 'ingress' | 'egress';

/** Authorize and Revoke, in both directions. A call adds or takes all of its rules, or none. */
export function ruleAccessHandlers(context: CloudContext): HandlerTable {
  const authorize = (
    group: SecurityGroupRecord,
    direction: Direction,
    input: FlatRule & Pick<AuthorizeSecurityGroupIngressRequest, 'TagSpecifications'>,
  ) => {
    const tags = tagsFor(input.TagSpecifications, 'security-group-rule', ['security-group-rule']);
    const rules = readRules(context, input).map((rule) => ({ ...rule, tags: { ...tags } }));
    for (const { groupId } of rules) {
      if (groupId === undefined || context.state.securityGroups[groupId]?.vpcId === group.vpcId) continue;
      throw new CloudError(
        'InvalidGroup.NotFound',
        'You have specified two resources that belong to different networks.',
      );
    }
    const seen = new Set(group[direction].map(ruleKey));
    for (const rule of rules) {
      const key = ruleKey(rule);
      if (seen.has(key)) {
        throw new CloudError('InvalidPermission.Duplicate', `the specified rule "${describe(rule)}" already exists`);
      }
      seen.add(key);
    }
    group[direction].push(...rules);
    context.changed();
    return { Return: true, SecurityGroupRules: rules.map((rule) => toRule(group, rule, direction === 'egress')) };
  };

  const revoke = (
    group: SecurityGroupRecord,
    direction: Direction,
    input: FlatRule & { SecurityGroupRuleIds?: string[] },
  ) => {
    const ids = input.SecurityGroupRuleIds ?? [];
    const doomed =
      ids.length > 0 ? byIds(group[direction], ids) : byContent(group[direction], readRules(context, input));
    group[direction] = group[direction].filter((rule) => !doomed.includes(rule));
    context.changed();
    const revoked = doomed.map((rule) => {
      const {
        ReferencedGroupInfo,
        GroupOwnerId: _owner,
        Tags: _tags,
        ...shape
      } = toRule(group, rule, direction === 'egress');
      return { ...shape, ReferencedGroupId: ReferencedGroupInfo?.GroupId };
    });
    return { Return: true, RevokedSecurityGroupRules: revoked };
  };

  return {
    AuthorizeSecurityGroupIngress: (input: AuthorizeSecurityGroupIngressRequest): AuthorizeSecurityGroupIngressResult =>
      authorize(findGroup(context, input.GroupId, input.GroupName), 'ingress', input),
    AuthorizeSecurityGroupEgress: (input: AuthorizeSecurityGroupEgressRequest): AuthorizeSecurityGroupEgressResult =>
      authorize(findGroup(context, input.GroupId), 'egress', input),
    RevokeSecurityGroupIngress: (input: RevokeSecurityGroupIngressRequest): RevokeSecurityGroupIngressResult =>
      revoke(findGroup(context, input.GroupId, input.GroupName), 'ingress', input),
    RevokeSecurityGroupEgress: (input: RevokeSecurityGroupEgressRequest): RevokeSecurityGroupEgressResult =>
      revoke(findGroup(context, input.GroupId), 'egress', input),
  };
}

function byIds(rules: SecurityGroupRuleRecord[], ids: string[]): SecurityGroupRuleRecord[] {
  return ids.map((id) => findRule(rules, id));
}

function byContent(rules: SecurityGroupRuleRecord[], wanted: SecurityGroupRuleRecord[]): SecurityGroupRuleRecord[] {
  return wanted.map((one) => {
    const found = rules.find((rule) => ruleKey(rule) === ruleKey(one));
    if (found) return found;
    throw new CloudError(
      'InvalidPermission.NotFound',
      `The specified rule "${describe(one)}" does not exist in this security group.`,
    );
  });
}

/** As EC2 words a rule in its refusals. */
function describe(rule: SecurityGroupRuleRecord): string {
  const ports =
    rule.protocol === '-1'
      ? 'ALL'
      : `${rule.protocol.toUpperCase()}, from port: ${rule.fromPort}, to port: ${rule.toPort}`;
  return `peer: ${rule.cidr ?? rule.groupId}, ${ports}, ALLOW`;
}
