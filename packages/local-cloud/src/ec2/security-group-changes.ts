import type {
  ModifySecurityGroupRulesRequest,
  ModifySecurityGroupRulesResult,
  SecurityGroupRuleRequest,
  UpdateSecurityGroupRuleDescriptionsEgressRequest,
  UpdateSecurityGroupRuleDescriptionsEgressResult,
  UpdateSecurityGroupRuleDescriptionsIngressRequest,
  UpdateSecurityGroupRuleDescriptionsIngressResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../context.ts';
import type { SecurityGroupRecord, SecurityGroupRuleRecord } from '../model.ts';
import type { NetworkContext } from '../network.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { invalidCombination, missing, required } from './errors.ts';
import { findGroup, findRule, readRules, ruleKey } from './security-group-rules.ts';

type Descriptions = UpdateSecurityGroupRuleDescriptionsIngressRequest;

/** What changes rules that are there. A call changes all that it names, or none. */
export function ruleChangeHandlers(context: CloudContext): HandlerTable {
  const describe = (group: SecurityGroupRecord, rules: SecurityGroupRuleRecord[], input: Descriptions) => {
    const changes = (input.SecurityGroupRuleDescriptions ?? []).map(({ SecurityGroupRuleId: id, Description }) => ({
      rule: findRule(rules, id),
      description: Description,
    }));
    if (input.IpPermissions?.length) {
      for (const named of readRules(context, { IpPermissions: input.IpPermissions })) {
        const rule = rules.find((one) => ruleKey(one) === ruleKey(named));
        if (!rule) {
          throw new CloudError(
            'InvalidPermission.NotFound',
            `The specified rule does not exist in the security group '${group.id}'.`,
          );
        }
        changes.push({ rule, description: named.description });
      }
    }
    if (changes.length === 0) throw missing('IpPermissions or SecurityGroupRuleDescriptions');
    for (const { rule, description } of changes) rule.description = description || undefined;
    context.changed();
    return { Return: true };
  };

  return {
    ModifySecurityGroupRules: (input: ModifySecurityGroupRulesRequest): ModifySecurityGroupRulesResult => {
      const group = findGroup(context, input.GroupId);
      const changes = required(input.SecurityGroupRules, 'SecurityGroupRule').map((update) => {
        const rule = findRule([...group.ingress, ...group.egress], update.SecurityGroupRuleId);
        return { rule, next: readRule(context, rule, required(update.SecurityGroupRule, 'SecurityGroupRule')) };
      });
      for (const rules of [group.ingress, group.egress]) checkDistinct(rules, changes);
      for (const { rule, next } of changes) replaceContent(rule, next);
      context.changed();
      return { Return: true };
    },
    UpdateSecurityGroupRuleDescriptionsIngress: (
      input: UpdateSecurityGroupRuleDescriptionsIngressRequest,
    ): UpdateSecurityGroupRuleDescriptionsIngressResult => {
      const group = findGroup(context, input.GroupId, input.GroupName);
      return describe(group, group.ingress, input);
    },
    UpdateSecurityGroupRuleDescriptionsEgress: (
      input: UpdateSecurityGroupRuleDescriptionsEgressRequest,
    ): UpdateSecurityGroupRuleDescriptionsEgressResult => {
      const group = findGroup(context, input.GroupId, input.GroupName);
      return describe(group, group.egress, input);
    },
  };
}

interface Change {
  rule: SecurityGroupRuleRecord;
  next: SecurityGroupRuleRecord;
}

/** The new content of a rule; its id and tags stay. */
function readRule(
  context: NetworkContext,
  rule: SecurityGroupRuleRecord,
  wanted: SecurityGroupRuleRequest,
): SecurityGroupRuleRecord {
  const { IpProtocol, FromPort, ToPort, CidrIpv4, CidrIpv6, ReferencedGroupId, Description } = wanted;
  const targets = [CidrIpv4, CidrIpv6, ReferencedGroupId, wanted.PrefixListId].filter(Boolean);
  if (targets.length !== 1) {
    throw invalidCombination('A rule has exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId.');
  }
  const [read] = readRules(context, {
    IpPermissions: [
      {
        IpProtocol,
        FromPort,
        ToPort,
        IpRanges: CidrIpv4 ? [{ CidrIp: CidrIpv4, Description }] : [],
        Ipv6Ranges: CidrIpv6 ? [{ CidrIpv6, Description }] : [],
        UserIdGroupPairs: ReferencedGroupId ? [{ GroupId: ReferencedGroupId, Description }] : [],
      },
    ],
  });
  return { ...(read ?? rule), id: rule.id, tags: rule.tags };
}

/** @throws CloudError `InvalidPermission.Duplicate` when two rules of one direction would say the same. */
function checkDistinct(rules: SecurityGroupRuleRecord[], changes: Change[]): void {
  const after = rules.map((rule) => ruleKey(changes.find((change) => change.rule === rule)?.next ?? rule));
  if (new Set(after).size === after.length) return;
  throw new CloudError('InvalidPermission.Duplicate', 'The same permission must not appear multiple times');
}

function replaceContent(rule: SecurityGroupRuleRecord, next: SecurityGroupRuleRecord): void {
  const { protocol, fromPort, toPort, cidr, groupId, description } = next;
  Object.assign(rule, { protocol, fromPort, toPort, cidr, groupId, description });
}
