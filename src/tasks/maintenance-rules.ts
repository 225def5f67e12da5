import type { Action, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { readListener } from '../aws/listeners.ts';
import { createRule, deleteRule, type ListenerRule, readRules, tagRule, updateRule } from '../aws/rules.ts';
import { tagKeys } from '../aws/tags.ts';
import type { Fleet } from '../config/settings.ts';
import type { Services } from '../fleet/services.ts';
import { instantText, parseInstant } from '../shared/instant.ts';
import type { TaskContext } from './types.ts';

/** Values of the tag `golden-pipeline:role` of a maintenance page's rules: the way to the fleet for probes, and the page itself. */
export const fleetRole = 'maintenance-probes';
export const pageRole = 'maintenance-page';

/**
 * Behind the validation route (priority 10), before everything else: whoever validates an image or watches a release still gets through.
 * The first of the two lets the pipeline's own probes reach the fleet, the second answers everybody else.
 */
const priorities = { [fleetRole]: 11, [pageRole]: 12 };

/** A maintenance page that is on. */
export interface PageOn {
  /** Run that has put it on. */
  run: string | undefined;
  /** When it is to go off, in milliseconds since the epoch; undefined when somebody has to take it off. */
  until: number | undefined;
}

/** The maintenance page of a fleet's listener; undefined when none is on. */
export async function readPageOn(
  { aws, fleet }: Pick<Services, 'aws' | 'fleet'>,
  listenerArn: string,
): Promise<PageOn | undefined> {
  const rules = await readRules(aws.elb, listenerArn);
  const page = rules.find((rule) => isOwn(rule, fleet) && rule.tags[tagKeys.role] === pageRole);
  if (!page) return undefined;
  return { run: page.tags[tagKeys.run], until: parseInstant(page.tags[tagKeys.until]) };
}

/** Makes a rule, or lets the one that is there do this from now on; it carries the run, and the end if there is one. */
export async function setRule(
  context: TaskContext,
  request: {
    present: readonly ListenerRule[];
    listenerArn: string;
    role: typeof fleetRole | typeof pageRole;
    conditions: RuleCondition[];
    actions: Action[];
    until: number | undefined;
  },
): Promise<void> {
  const { aws, fleet } = context.services;
  const { role, actions, until } = request;
  const tags = {
    [tagKeys.run]: context.run.id,
    [tagKeys.until]: until === undefined ? undefined : instantText(until),
  };
  const there = request.present.find((rule) => rule.tags[tagKeys.role] === role);
  if (there) {
    const was = { actions: there.actions, run: there.tags[tagKeys.run], until: there.tags[tagKeys.until] };
    await context.change({ action: 'update-rule', target: there.arn, data: { was } }, () =>
      rewrite(context, there.arn, actions, tags),
    );
    return;
  }
  await context.change({ action: 'create-rule', target: role }, () =>
    createRule(aws.elb, {
      listenerArn: request.listenerArn,
      priority: priorities[role],
      conditions: request.conditions,
      actions,
      tags: { [tagKeys.app]: fleet.app, [tagKeys.environment]: fleet.environment, [tagKeys.role]: role, ...tags },
    }),
  );
}

/** Undoes what this step has changed, the last first: a rule of its own goes, one that was there gets back what it did. */
export async function restoreRules(context: TaskContext): Promise<void> {
  const made = context.changes().filter((one) => !one.undoing);
  for (const { action, target, data } of made.toReversed()) {
    const rules = await ownRules(context);
    if (action === 'create-rule') {
      const own = (rule: ListenerRule) => rule.tags[tagKeys.run] === context.run.id;
      await removeRules(
        context,
        rules.filter((rule) => rule.tags[tagKeys.role] === target && own(rule)),
      );
    } else {
      const { actions, run, until } = data.was as { actions: Action[]; run?: string; until?: string };
      const there = rules.find((rule) => rule.arn === target);
      // What another run has put on since stays.
      if (!there || ![context.run.id, run].includes(there.tags[tagKeys.run])) continue;
      await context.change({ action: 'restore-rule', target }, () =>
        rewrite(context, target, actions, { [tagKeys.run]: run, [tagKeys.until]: until }),
      );
    }
  }
}

/** The page first: until it is gone, the rule for probes is needed. */
export async function removeRules(context: TaskContext, rules: readonly ListenerRule[]): Promise<void> {
  for (const rule of rules.toReversed()) {
    await context.change({ action: 'delete-rule', target: rule.arn }, () =>
      deleteRule(context.services.aws.elb, rule.arn),
    );
  }
}

/** Rules that this task has made, known by their tags. @throws PipelineError `maintenance.priority` when somebody else has its place */
export async function ownRules({ services: { fleet, aws } }: TaskContext): Promise<ListenerRule[]> {
  const listener = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
  const rules = await readRules(aws.elb, listener.arn);
  const stranger = rules.find((rule) => Object.values(priorities).includes(rule.priority) && !isOwn(rule, fleet));
  if (!stranger) return rules.filter((rule) => isOwn(rule, fleet));
  throw new PipelineError(
    'maintenance.priority',
    `a rule of somebody else has priority ${stranger.priority}: ${stranger.arn}`,
    { fix: 'give it another priority' },
  );
}

async function rewrite(
  { services: { aws } }: TaskContext,
  arn: string,
  actions: Action[],
  tags: Record<string, string | undefined>,
): Promise<void> {
  await updateRule(aws.elb, arn, actions);
  await tagRule(aws.elb, arn, tags);
}

function isOwn({ tags }: ListenerRule, fleet: Fleet): boolean {
  const role = tags[tagKeys.role];
  return tags[tagKeys.app] === fleet.app && (role === fleetRole || role === pageRole);
}
