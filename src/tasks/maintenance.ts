import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readListener, readRoutes } from '../aws/listeners.ts';
import { createRule, deleteRule, type ListenerRule, readRules, updateRule } from '../aws/rules.ts';
import { tagKeys } from '../aws/tags.ts';
import type { Fleet } from '../config/settings.ts';
import type { ProbeAnswer } from '../hosts/probe.ts';
import { PipelineError, usageError } from '../shared/errors.ts';
import { times } from '../steps/services.ts';
import { proofHeaders } from '../steps/support/smoke.ts';
import { fleetRole, pageRole } from './maintenance-roles.ts';
import type { TaskContext, TaskStep } from './types.ts';

/**
 * Behind the proof route (priority 10), before everything else: whoever proves an image or watches a release still gets through.
 * The first of the two lets the pipeline's own probes reach the fleet, the second answers everybody else.
 */
const priorities = { [fleetRole]: 11, [pageRole]: 12 };

/** A fixed response holds at most so much text (AWS). */
const maxPageBytes = 1024;

/** Milliseconds that an answer through the balancer may take. */
const probeTimeoutMs = 5000;

/** What is shown, and how. */
export interface Page {
  /** File of the page, relative to the project. */
  page: string;
  contentType: string;
  status: number;
}

/** The steps that put the page on, and with a time take it off again. */
export async function maintenanceSteps(page: Page, fleet: Fleet, forMs: number | undefined): Promise<TaskStep[]> {
  const body = await readPage(page, fleet);
  const put = putOn(page, body);
  return forMs === undefined ? [put] : [put, wait(forMs), takeOff];
}

/** @throws usage error for a page that is missing, empty or too large */
async function readPage({ page }: Page, fleet: Fleet): Promise<string> {
  const file = resolve(fleet.projectDir, page);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usageError(
      'maintenance.page',
      `the page ${page} cannot be read: ${error.code ?? error.message}`,
      `write ${file}`,
    );
  });
  const bytes = Buffer.byteLength(text);
  if (bytes > 0 && bytes <= maxPageBytes) return text;
  throw usageError(
    'maintenance.page',
    `the page ${page} has ${bytes} bytes, and a load balancer shows 1 to ${maxPageBytes}`,
    'shorten it; styles and pictures may come from elsewhere',
  );
}

function putOn({ page, contentType, status }: Page, body: string): TaskStep {
  return {
    id: 'page-on',
    title: 'Put the maintenance page on',
    describe: ({ services: { fleet } }) => [
      `${fleet.names.loadBalancer} answers everything with ${status} and ${page} (${Buffer.byteLength(body)} bytes), without the instances`,
      `requests with ${fleet.balancer.proofHeader} still reach proof instance and fleet, so releases go on as usual`,
    ],
    async run(context) {
      const { fleet, aws } = context.services;
      const listener = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
      const present = await ownRules(context);
      const add = async (role: typeof fleetRole | typeof pageRole, conditions: object[], actions: object[]) => {
        const there = present.find((rule) => rule.tags[tagKeys.role] === role);
        if (there) {
          await context.change({ action: 'update-rule', target: there.arn }, () =>
            updateRule(aws.elb, there.arn, actions as never),
          );
          return;
        }
        await context.change({ action: 'create-rule', target: role }, () =>
          createRule(aws.elb, {
            listenerArn: listener.arn,
            priority: priorities[role],
            conditions,
            actions: actions as never,
            tags: {
              [tagKeys.app]: fleet.app,
              [tagKeys.environment]: fleet.environment,
              [tagKeys.role]: role,
              [tagKeys.run]: context.run.id,
            },
          }),
        );
      };
      const [[header, value] = ['', '']] = Object.entries(proofHeaders(fleet));
      await add(
        fleetRole,
        [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: header, Values: [value] } }],
        // The way of everybody: with blue/green it is weighted, and a release shifts this route along with it.
        (await readRoutes(aws.elb, listener.arn)).find((route) => !route.header)?.actions ?? [],
      );
      await add(
        pageRole,
        [{ Field: 'path-pattern', PathPatternConfig: { Values: ['*'] } }],
        [
          {
            Type: 'fixed-response',
            FixedResponseConfig: { StatusCode: String(status), ContentType: contentType, MessageBody: body },
          },
        ],
      );
      await waitFor(context, listener.url, (answer) => answer.status === status && answer.body.trim() === body.trim());
      context.note('the maintenance page is on');
    },
    // A page that was on before stays on.
    undo: async (context) => void (await remove(context, (rule) => rule.tags[tagKeys.run] === context.run.id)),
  };
}

/** There is nothing in a load balancer that ends a rule by itself, so the command stays until then. */
function wait(forMs: number): TaskStep {
  return {
    id: 'wait',
    title: 'Wait',
    describe: () => [`for ${Math.round(forMs / 1000)} s; Ctrl-C takes the page off at once`],
    async run(context) {
      const end = context.run.startedAt + forMs;
      await context.poll({
        what: 'the end of the maintenance',
        read: async () => Math.ceil((end - context.clock.now()) / 1000),
        until: (left) => left <= 0,
        progress: (left) => context.progress(`the page stays on for ${Math.max(0, left)} s more`),
        everyMs: 1000,
        timeoutMs: forMs + 60_000,
      });
    },
  };
}

/** Takes the page off. */
export const takeOff: TaskStep = {
  id: 'page-off',
  title: 'Take the maintenance page off',
  describe: ({ services: { fleet } }) => [`requests to ${fleet.names.loadBalancer} reach the instances again`],
  async run(context) {
    const { aws, fleet, probe } = context.services;
    const { url } = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
    const page = await probe(`${url}/`, { timeoutMs: probeTimeoutMs });
    if (await remove(context)) {
      await waitFor(context, url, (answer) => answer.status !== page.status || answer.body !== page.body);
      context.note('the maintenance page is off');
    } else {
      context.note('no maintenance page was on');
    }
  },
};

/** Removes the rules, the page first: until it is gone, the rule for probes is needed. True when there was one. */
async function remove(context: TaskContext, which: (rule: ListenerRule) => boolean = () => true): Promise<boolean> {
  const { aws } = context.services;
  const rules = (await ownRules(context)).filter(which);
  for (const rule of rules.reverse()) {
    await context.change({ action: 'delete-rule', target: rule.arn }, () => deleteRule(aws.elb, rule.arn));
  }
  return rules.length > 0;
}

/** A load balancer takes up a rule some moments after the call: the task is done when visitors see it. */
async function waitFor(context: TaskContext, url: string, until: (answer: ProbeAnswer) => boolean): Promise<void> {
  await context.poll({
    what: `${url} to answer otherwise`,
    read: () => context.services.probe(`${url}/`, { timeoutMs: probeTimeoutMs }),
    until,
    progress: (answer) => context.progress(`${url} answers ${answer.status}`),
    ...times(context.services.fleet, 'health'),
  });
}

/** Rules that this task has made, known by their tags. */
async function ownRules({ services: { fleet, aws } }: TaskContext): Promise<ListenerRule[]> {
  const listener = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
  const rules = await readRules(aws.elb, listener.arn);
  const stranger = rules.find((rule) => Object.values(priorities).includes(rule.priority) && !isOwn(rule, fleet));
  if (stranger) {
    throw new PipelineError(
      'maintenance.priority',
      `a rule of somebody else has priority ${stranger.priority}: ${stranger.arn}`,
      {
        hint: 'give it another priority',
      },
    );
  }
  return rules.filter((rule) => isOwn(rule, fleet));
}

function isOwn(rule: ListenerRule, fleet: Fleet): boolean {
  const role = rule.tags[tagKeys.role];
  return rule.tags[tagKeys.app] === fleet.app && (role === fleetRole || role === pageRole);
}
