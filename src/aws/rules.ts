import { isDeepStrictEqual } from 'node:util';
import {
  type Action,
  AddTagsCommand,
  CreateRuleCommand,
  DeleteRuleCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  type ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  paginateDescribeRules,
  RemoveTagsCommand,
  type Rule,
  type RuleCondition,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { isNotFound } from './errors.ts';
import { observed, observedChange } from './observed.ts';
import { tagValue, toTags } from './tags.ts';

/** A rule of a listener, other than the default one. */
export interface ListenerRule {
  arn: string;
  priority: number;
  actions: Action[];
  tags: Record<string, string>;
}

/** Maximum number of resources in one DescribeTags call (AWS). */
const tagsPerCall = 20;

/** The rules of a listener with their tags, by priority: one call, or a few with many rules, and one more for each 20 of them. */
export async function readRules(elb: ElasticLoadBalancingV2Client, listenerArn: string): Promise<ListenerRule[]> {
  const rules: Rule[] = [];
  for await (const { Rules } of paginateDescribeRules({ client: elb }, { ListenerArn: listenerArn })) {
    rules.push(...(Rules ?? []).filter((rule) => rule.RuleArn && !rule.IsDefault));
  }
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
      actions: rule.Actions ?? [],
      tags: tags.get(rule.RuleArn ?? '') ?? {},
    }))
    .sort((a, b) => a.priority - b.priority);
}

/** Adds a rule and returns its ARN. */
export async function createRule(
  elb: ElasticLoadBalancingV2Client,
  rule: {
    listenerArn: string;
    priority: number;
    conditions: RuleCondition[];
    actions: Action[];
    tags: Record<string, string | undefined>;
  },
): Promise<string> {
  const command = new CreateRuleCommand({
    ListenerArn: rule.listenerArn,
    Priority: rule.priority,
    Conditions: rule.conditions,
    Actions: rule.actions,
    Tags: toTags(rule.tags),
  });
  const wanted = toTags(rule.tags);
  return observed(
    async () => (await elb.send(command)).Rules?.[0]?.RuleArn ?? '',
    async () => {
      const there = (await readRules(elb, rule.listenerArn)).find((one) => one.priority === rule.priority);
      return there && wanted.every(({ Key, Value }) => there.tags[Key] === Value) ? there.arn : undefined;
    },
  );
}

/** Replaces the actions of a rule. */
export async function updateRule(elb: ElasticLoadBalancingV2Client, arn: string, actions: Action[]): Promise<void> {
  await observedChange(
    () => elb.send(new ModifyRuleCommand({ RuleArn: arn, Actions: actions })),
    async () => {
      const { Rules: [rule] = [] } = await elb.send(new DescribeRulesCommand({ RuleArns: [arn] }));
      return isDeepStrictEqual(rule?.Actions, actions);
    },
  );
}

/** Writes tags on a rule; those without a value are removed. */
export async function tagRule(
  elb: ElasticLoadBalancingV2Client,
  arn: string,
  tags: Record<string, string | undefined>,
): Promise<void> {
  const TagKeys = Object.keys(tags).filter((key) => tags[key] === undefined);
  const readValues = async () => {
    const { TagDescriptions: [found] = [] } = await elb.send(new DescribeTagsCommand({ ResourceArns: [arn] }));
    return (key: string) => tagValue(found?.Tags as never, key);
  };
  await observedChange(
    () => elb.send(new AddTagsCommand({ ResourceArns: [arn], Tags: toTags(tags) })),
    async () => {
      const tagOf = await readValues();
      return toTags(tags).every(({ Key, Value }) => tagOf(Key) === Value);
    },
  );
  if (TagKeys.length === 0) return;
  await observedChange(
    () => elb.send(new RemoveTagsCommand({ ResourceArns: [arn], TagKeys })),
    async () => {
      const tagOf = await readValues();
      return TagKeys.every((key) => tagOf(key) === undefined);
    },
  );
}

/** Removes a rule; a missing one is not an error. */
export async function deleteRule(elb: ElasticLoadBalancingV2Client, arn: string): Promise<void> {
  try {
    await observedChange(
      () => elb.send(new DeleteRuleCommand({ RuleArn: arn })),
      // Once it is gone the question itself is refused as not found.
      async () => ((await elb.send(new DescribeRulesCommand({ RuleArns: [arn] }))).Rules ?? []).length === 0,
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
