import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usageError } from '@golden-pipeline/shared/errors';
import { isoSeconds } from '@golden-pipeline/shared/text';
import { readListener, readRoutes } from '../aws/listeners.ts';
import { tagKeys } from '../aws/tags.ts';
import type { Fleet } from '../config/settings.ts';
import { times } from '../fleet/services.ts';
import { validationHeaders } from '../fleet/smoke.ts';
import type { ProbeAnswer } from '../hosts/probe.ts';
import { fleetRole, ownRules, pageRole, removeRules, restoreRules, setRule } from './maintenance-rules.ts';
import type { TaskContext, TaskState, TaskStep } from './types.ts';

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

/** What a load balancer can answer with by itself (ELBv2, FixedResponseActionConfig). */
const statuses = /^[245][0-9][0-9]$/;
const contentTypes = ['text/plain', 'text/css', 'text/html', 'application/javascript', 'application/json'];

/**
 * The steps that put the page on, and with a time take it off again.
 * @throws usage error for a status, a content type or a page that a load balancer cannot show
 */
export async function maintenanceSteps(page: Page, fleet: Fleet, forMs: number | undefined): Promise<TaskStep[]> {
  const { status, contentType } = page;
  if (!statuses.test(String(status))) throw unfit('status', status, 'a status of 2xx, 4xx or 5xx, such as 503');
  if (!contentTypes.includes(contentType)) throw unfit('contentType', contentType, `one of ${contentTypes.join(', ')}`);
  const body = await readPage(page, fleet);
  const put = putOn(page, body, forMs);
  return forMs === undefined ? [put] : [put, wait(forMs), takeOff];
}

const unfit = (name: string, value: unknown, expected: string) =>
  usageError('maintenance.page', `maintenanceOn: ${name} is ${JSON.stringify(value)}`, `give ${expected}`);

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

function putOn({ page, contentType, status }: Page, body: string, forMs: number | undefined): TaskStep {
  return {
    id: 'page-on',
    title: 'Put the maintenance page on',
    describe: ({ services: { fleet } }) => [
      `${fleet.names.loadBalancer} answers everything with ${status} and ${page} (${Buffer.byteLength(body)} bytes), without the instances`,
      `requests with ${fleet.balancer.validationHeader} still reach validation instance and fleet, so releases go on as usual`,
    ],
    async run(context) {
      const { fleet, aws } = context.services;
      const listener = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
      const present = await ownRules(context);
      const until = forMs === undefined ? undefined : context.run.startedAt + forMs;
      await context.save({ page: context.run.id, until });
      const [[header, value] = ['', '']] = Object.entries(validationHeaders(fleet));
      const common = { present, listenerArn: listener.arn, until };
      await setRule(context, {
        ...common,
        role: fleetRole,
        conditions: [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: header, Values: [value] } }],
        // The way of everybody: with blue/green it is weighted, and a release shifts this route along with it.
        actions: (await readRoutes(aws.elb, listener.arn)).find((route) => !route.header)?.actions ?? [],
      });
      const answer = { StatusCode: String(status), ContentType: contentType, MessageBody: body };
      await setRule(context, {
        ...common,
        role: pageRole,
        conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['*'] } }],
        actions: [{ Type: 'fixed-response', FixedResponseConfig: answer }],
      });
      await waitFor(context, listener.url, (seen) => seen.status === status && seen.body.trim() === body.trim());
      context.note(
        until === undefined
          ? 'the maintenance page is on'
          : `the maintenance page is on until ${isoSeconds(until)}; this command stays to take it off, on Ctrl-C at once`,
      );
    },
    // A page that was on before stays on, with what it said.
    undo: restoreRules,
  };
}

/** There is nothing in a load balancer that ends a rule by itself, so the command stays until then. */
function wait(forMs: number): TaskStep {
  return {
    id: 'wait',
    title: 'Wait',
    describe: () => [
      `for ${Math.round(forMs / 1000)} s, without the lock: releases go on; Ctrl-C takes the page off at once`,
    ],
    restsUntil: endOf,
    async run(context) {
      await context.poll({
        what: 'the end of the maintenance',
        read: async () => Math.ceil((endOf(context.state) - context.clock.now()) / 1000),
        until: (left) => left <= 0,
        progress: (left) => context.progress(`the page stays on for ${Math.max(0, left)} s more`),
        everyMs: 1000,
        timeoutMs: forMs + 60_000,
      });
    },
  };
}

const endOf = ({ until }: TaskState): number => Number(until);

/** Takes the page off. */
export const takeOff: TaskStep = {
  id: 'page-off',
  title: 'Take the maintenance page off',
  describe: ({ services: { fleet } }) => [`requests to ${fleet.names.loadBalancer} reach the instances again`],
  async run(context) {
    const { aws, fleet, probe } = context.services;
    const { url } = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
    const seen = await probe(`${url}/`, { timeoutMs: probeTimeoutMs });
    const rules = await ownRules(context);
    // After a wait: what somebody else has put on meanwhile is not this command's to take off.
    const { page } = context.state;
    const wanted = rules.filter((rule) => page === undefined || rule.tags[tagKeys.run] === page);
    await removeRules(context, wanted);
    if (wanted.length > 0) {
      await waitFor(context, url, (answer) => answer.status !== seen.status || answer.body !== seen.body);
      context.note('the maintenance page is off');
    } else if (rules.length > 0) {
      context.note(`the page that is on by now is that of run ${rules[0]?.tags[tagKeys.run]}: it stays`);
    } else {
      context.note('no maintenance page was on');
    }
  },
};

/** A load balancer takes up a rule some moments after the call: the task is done when visitors see it. */
async function waitFor(context: TaskContext, url: string, until: (answer: ProbeAnswer) => boolean): Promise<void> {
  await context.poll({
    what: `${url} to answer otherwise`,
    read: () => context.services.probe(`${url}/`, { timeoutMs: probeTimeoutMs }),
    until,
    progress: (answer) => context.progress(`${url} answers ${answer.status}`),
    explain: (answer) => ({ causes: [`${url} answers ${answer.status}`] }),
    ...times(context.services.fleet, 'health'),
  });
}
