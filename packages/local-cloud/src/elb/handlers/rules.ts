import type * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import type { RuleRecord } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { defaultRuleArn, ruleArn } from '../arns.ts';
import { checkActions } from '../check-actions.ts';
import { checkConditions } from '../check-conditions.ts';
import { invalid } from '../errors.ts';
import { findListener, findRule } from '../find.ts';
import { limits } from '../limits.ts';
import { showDefaultRule, showRule } from '../shapes.ts';
import { withTags } from '../tags.ts';
import { page, required, whole } from '../validate.ts';
import { type ElbParts, enforce } from './shared.ts';

/** Rules of listeners. */
export function ruleHandlers(parts: ElbParts): HandlerTable {
  const { state } = parts.context;
  const rulesOf = (listener: string): RuleRecord[] =>
    Object.values(state.rules)
      .filter((rule) => rule.listenerArn === listener)
      .sort((a, b) => a.priority - b.priority);
  const balancerOf = (rule: RuleRecord): string => findListener(state, rule.listenerArn).loadBalancerArn;
  const isDefault = (arn = ''): boolean =>
    Object.keys(state.listeners).some((listener) => defaultRuleArn(listener) === arn);

  /** A rule that may be changed; the default one only changes with its listener. */
  function changeable(arn: string | undefined): RuleRecord {
    if (isDefault(arn))
      throw new CloudError(
        'OperationNotPermitted',
        `Default rule '${arn}' cannot be modified or deleted: use ModifyListener`,
      );
    return findRule(state, arn);
  }

  return {
    async CreateRule(input: elb.CreateRuleInput): Promise<elb.CreateRuleOutput> {
      const listener = findListener(state, input.ListenerArn);
      const priority = whole(required(input.Priority, 'priority'), 'priority', 1, 50_000, 1);
      const others = rulesOf(listener.arn);
      if (others.some((rule) => rule.priority === priority))
        throw new CloudError('PriorityInUse', `Priority '${priority}' is currently in use`);
      if (others.length >= limits['rules-per-application-load-balancer'])
        throw new CloudError('TooManyRules', 'The maximum number of rules on a load balancer has been reached');
      const record: RuleRecord = {
        ...{
          arn: ruleArn(listener.arn),
          listenerArn: listener.arn,
          priority,
          conditions: checkConditions(input.Conditions),
        },
        ...{ actions: checkActions(state, input.Actions, listener.loadBalancerArn), tags: withTags({}, input.Tags) },
      };
      state.rules[record.arn] = record;
      await enforce(parts, () => {
        delete state.rules[record.arn];
      });
      return { Rules: [showRule(record)] };
    },

    DescribeRules(input: elb.DescribeRulesInput): elb.DescribeRulesOutput {
      const { RuleArns: arns = [], ListenerArn } = input;
      if (arns.length ? ListenerArn : !ListenerArn)
        throw invalid('You must specify either rule ARNs or a listener ARN');
      const chosen = arns.length
        ? arns.map(showOne)
        : [...rulesOf(findListener(state, ListenerArn).arn).map(showRule), showOf(ListenerArn)];
      const { items, NextMarker } = page(chosen, input);
      return { Rules: items, NextMarker };
    },

    async ModifyRule(input: elb.ModifyRuleInput): Promise<elb.ModifyRuleOutput> {
      const record = changeable(input.RuleArn);
      if (!input.Conditions?.length && !input.Actions?.length) throw invalid('Conditions or actions must be specified');
      const { conditions, actions } = record;
      const next = {
        conditions: input.Conditions?.length ? checkConditions(input.Conditions) : conditions,
        actions: input.Actions?.length ? checkActions(state, input.Actions, balancerOf(record)) : actions,
      };
      Object.assign(record, next);
      await enforce(parts, () => Object.assign(record, { conditions, actions }));
      return { Rules: [showRule(record)] };
    },

    async DeleteRule(input: elb.DeleteRuleInput): Promise<elb.DeleteRuleOutput> {
      const record = changeable(input.RuleArn);
      delete state.rules[record.arn];
      await enforce(parts, () => {});
      return {};
    },

    async SetRulePriorities(input: elb.SetRulePrioritiesInput): Promise<elb.SetRulePrioritiesOutput> {
      const wanted = required(input.RulePriorities, 'rule priority').map(({ RuleArn, Priority }) => ({
        rule: changeable(RuleArn),
        priority: whole(required(Priority, 'priority'), 'priority', 1, 50_000, 1),
      }));
      const next = new Map(wanted.map(({ rule, priority }) => [rule.arn, priority]));
      for (const { rule } of wanted) {
        const taken = rulesOf(rule.listenerArn).map((other) => next.get(other.arn) ?? other.priority);
        const twice = taken.find((priority, n) => taken.indexOf(priority) !== n);
        if (twice) throw new CloudError('PriorityInUse', `Priority '${twice}' is currently in use`);
      }
      const before = wanted.map(({ rule }) => ({ rule, priority: rule.priority }));
      for (const { rule, priority } of wanted) rule.priority = priority;
      await enforce(parts, () => {
        for (const { rule, priority } of before) rule.priority = priority;
      });
      return { Rules: wanted.map(({ rule }) => showRule(rule)) };
    },
  };

  function showOf(listener: string | undefined): elb.Rule {
    return showDefaultRule(findListener(state, listener));
  }

  function showOne(arn: string): elb.Rule {
    const owner = Object.keys(state.listeners).find((listener) => defaultRuleArn(listener) === arn);
    return owner ? showOf(owner) : showRule(findRule(state, arn));
  }
}
