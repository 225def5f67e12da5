import {
  type Action,
  CreateRuleCommand,
  DeleteRuleCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  type ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  type RuleCondition,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { isNotFound } from './errors.ts';
import { tagValue, toTags } from './tags.ts';

/** A rule of a listener. The default one is left out. */
export interface ListenerRule {
  arn: string;
  priority: number;
  tags: Record<string, string>;
}

/** DescribeTags takes at most so many resources a call (AWS). */
const tagsPerCall = 20;

/** The rules of a listener with their tags, by priority. */
export async function readRules(elb: ElasticLoadBalancingV2Client, listenerArn: string): Promise<ListenerRule[]> {
  const { Rules } = await elb.send(new DescribeRulesCommand({ ListenerArn: listenerArn }));
  const rules = (Rules ?? []).filter((rule) => rule.RuleArn && !rule.IsDefault);
  const tags = new Map<string, Record<string, string>>();
  for (let at = 0; at < rules.length; at += tagsPerCall) {
    const ResourceArns = rules.slice(at, at + tagsPerCall).flatMap((rule) => rule.RuleArn ?? []);
    const { TagDescriptions } = await elb.send(new DescribeTagsCommand({ ResourceArns }));
    for (const { ResourceArn = '', Tags = [] } of TagDescriptions ?? []) {
      tags.set(ResourceArn, Object.fromEntries(Tags.map(({ Key }) => [Key, tagValue(Tags as never, Key ?? '') ?? ''])));
    }
  }
  return rules
    .map((rule) => ({
      arn: rule.RuleArn ?? '',
      priority: Number(rule.Priority),
      tags: tags.get(rule.RuleArn ?? '') ?? {},
    }))
    .sort((a, b) => a.priority - b.priority);
}

/** Adds a rule and gives its ARN. */
export async function createRule(
  elb: ElasticLoadBalancingV2Client,
  rule: {
    listenerArn: string;
    priority: number;
    conditions: RuleCondition[];
    actions: Action[];
    tags: Record<string, string>;
  },
): Promise<string> {
  const { Rules } = await elb.send(
    new CreateRuleCommand({
      ListenerArn: rule.listenerArn,
      Priority: rule.priority,
      Conditions: rule.conditions,
      Actions: rule.actions,
      Tags: toTags(rule.tags),
    }),
  );
  return Rules?.[0]?.RuleArn ?? '';
}

/** Lets a rule do something else. */
export async function updateRule(elb: ElasticLoadBalancingV2Client, arn: string, actions: Action[]): Promise<void> {
  await elb.send(new ModifyRuleCommand({ RuleArn: arn, Actions: actions }));
}

/** Removes a rule; one that is gone is no error. */
export async function deleteRule(elb: ElasticLoadBalancingV2Client, arn: string): Promise<void> {
  try {
    await elb.send(new DeleteRuleCommand({ RuleArn: arn }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
