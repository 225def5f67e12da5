import { readBlock, showBlock } from '@golden-pipeline/shared/cidr';
import { usageError } from '@golden-pipeline/shared/errors';
import { isoSeconds, show } from '@golden-pipeline/shared/text';
import {
  closePort,
  findFleetSecurityGroup,
  findSecurityGroup,
  listOpenings,
  type Opening,
  openPort,
  prolongOpening,
} from '../aws/security-groups.ts';
import type { OpeningRule } from './opening-rule.ts';
import type { TaskContext, TaskStep } from './types.ts';

/** A request to open one of the configured openings. */
export interface OpenRequest {
  name: string;
  rule: OpeningRule;
  /** IPv4 address or range; undefined: the caller's own address. */
  from?: string;
  forMs: number;
}

/**
 * The steps that open a port.
 * @throws usage error `sg.range` for a range that is none, or is wider than configured
 */
export function openSteps({ name, rule, from, forMs }: OpenRequest): TaskStep[] {
  const range = from === undefined ? undefined : checkRange(from, rule);
  return [
    {
      id: 'open',
      title: 'Open the port',
      describe: ({ clock, services: { fleet } }) => [
        `${whereOf(rule, fleet)}: port ${rule.port} to ${range ?? 'your own address'} until ${isoSeconds(clock.now() + forMs)}`,
        'openings whose time is over are closed',
      ],
      async run(context) {
        const { aws, fleet, by } = context.services;
        const cidr = range ?? `${await context.services.ownAddress()}/32`;
        const app = ownerOf(rule, fleet);
        const groupId = await (rule.securityGroup === undefined
          ? findFleetSecurityGroup(aws.ec2, app, fleet.environment)
          : findSecurityGroup(aws.ec2, rule.securityGroup));
        const open = await sweep(context, { app });
        const expires = context.clock.now() + forMs;
        const same = open.find((one) => one.groupId === groupId && one.port === rule.port && one.cidr === cidr);
        if (same) {
          await context.change(
            { action: 'prolong-opening', target: same.ruleId, data: { was: same.expires, expires } },
            () => prolongOpening(aws.ec2, same.ruleId, expires),
          );
        } else {
          await context.change({ action: 'open-port', target: groupId, data: { port: rule.port, cidr } }, () =>
            openPort(aws.ec2, {
              groupId,
              app,
              file: fleet.app,
              environment: fleet.environment,
              name,
              port: rule.port,
              cidr,
              expires,
              by,
            }),
          );
        }
        context.note(`port ${rule.port} of ${whereOf(rule, fleet)} is open to ${cidr} until ${isoSeconds(expires)}`);
      },
      async undo(context) {
        const { aws, fleet } = context.services;
        for (const change of context.changes().filter((one) => !one.undoing && one.error === undefined)) {
          if (change.action === 'prolong-opening') {
            const was = Number(change.data.was);
            await context.change({ action: 'restore-opening', target: change.target }, () =>
              prolongOpening(aws.ec2, change.target, was),
            );
          }
          if (change.action !== 'open-port') continue;
          const { port, cidr } = change.data;
          const made = (await listOpenings(aws.ec2, { app: ownerOf(rule, fleet) }, fleet.environment)).filter(
            (one) => one.groupId === change.target && one.port === port && one.cidr === cidr,
          );
          for (const one of made) await close(context, one);
        }
      },
    },
  ];
}

/** The steps that close what was opened under a name, or, without one, all that these tasks have opened and whose time is over. */
export function closeSteps(name?: string, rule?: OpeningRule): TaskStep[] {
  return [
    {
      id: 'close',
      title: 'Close the port',
      describe: () => [
        name === undefined ? 'close openings whose time is over' : `close all that was opened as ${name}`,
      ],
      async run(context) {
        const { fleet } = context.services;
        const left = await sweep(context, rule ? { app: ownerOf(rule, fleet) } : { file: fleet.app });
        const wanted = left.filter((one) => one.name === name);
        for (const one of wanted) await close(context, one);
        if (name !== undefined && wanted.length === 0) context.note(`nothing was open as ${name}`);
      },
    },
  ];
}

/** Closes what has expired, and gives the openings that stay. Those of one app: a deploy role may close those of its own only. */
async function sweep(context: TaskContext, of: { app: string } | { file: string }): Promise<Opening[]> {
  const { aws, fleet } = context.services;
  const all = await listOpenings(aws.ec2, of, fleet.environment);
  const over = all.filter((one) => !(one.expires > context.clock.now()));
  for (const one of over) await close(context, one);
  return all.filter((one) => !over.includes(one));
}

async function close(context: TaskContext, one: Opening): Promise<void> {
  await context.change({ action: 'close-port', target: one.ruleId }, () => closePort(context.services.aws.ec2, one));
  context.note(`port ${one.port} is closed to ${one.cidr} (${one.name}, opened by ${one.by})`);
}

/** The app whose opening it is. */
const ownerOf = (rule: OpeningRule, { app }: { app: string }) => rule.fleet ?? app;

const whereOf = (rule: OpeningRule, fleet: { app: string }) => rule.securityGroup ?? ownerOf(rule, fleet);

function checkRange(text: string, rule: OpeningRule): string {
  const range = text.includes('/') ? text : `${text}/32`;
  const block = readBlock(range);
  if (!block) {
    throw usageError(
      'sg.range',
      `${show(text)} is not an IPv4 address or range`,
      'give e.g. 192.0.2.7 or 192.0.2.0/24',
    );
  }
  const widest = rule.widestPrefix ?? 32;
  if (block.size > 2 ** (32 - widest)) {
    throw usageError(
      'sg.range',
      `${text} is wider than this opening allows, which is /${widest}`,
      'give a narrower range, or change widestPrefix in the pipelines file',
    );
  }
  const fixed = showBlock(block);
  if (fixed === range) return range;
  throw usageError('sg.range', `${text} has bits outside of its range`, `did you mean ${fixed}?`);
}
