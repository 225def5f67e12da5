import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { FaultRequest } from 'golden-pipeline-local-cloud/client';
import { checkFault } from 'golden-pipeline-local-cloud/client';
import type { CommandModule, CommandOptions } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openControl } from '../local-control.ts';
import { durationOf, numberOf, textOf } from '../values.ts';
import { describeFault, renderFaults } from '../views/faults.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline local fault <kind>`, `... list`, `... clear [id]`: what goes wrong in the local cloud on request. */
export const run: CommandModule['run'] = async (context, [what = '', id], options) => {
  const colors = colorsFor(useColor(context, options, context.stdout));
  if (what === 'list') {
    refuseExtra(options, id);
    const faults = await openControl(context, options).faults();
    if (options.json) writeJson(context.stdout, faults);
    else context.stdout.write(renderFaults(faults, colors, context.clock.now()));
    return exitCodes.done;
  }
  if (what === 'clear') {
    refuseExtra(options);
    const cleared = await openControl(context, options).clearFaults(id);
    if (options.json) writeJson(context.stdout, { cleared });
    else context.stdout.write(cleared === 1 ? '1 fault is off\n' : `${cleared} faults are off\n`);
    return exitCodes.done;
  }
  refuseExtra({ ...options, ...noFlags }, id);
  // Checked here too, so that a mistake is told whether or not the cloud runs.
  const request = requestOf(what, options);
  checkFault(request);
  const fault = await openControl(context, options).addFault(request);
  if (options.json) writeJson(context.stdout, fault);
  else context.stdout.write(`fault ${fault.id} is on: ${describeFault(fault)}\n`);
  return exitCodes.done;
};

const flags = [
  ...['operation', 'service', 'region', 'zone', 'instance', 'image', 'group', 'type', 'alarm'],
  ...['rate', 'count', 'for', 'code', 'status', 'message', 'delay', 'period', 'profile', 'bucket'],
];
const noFlags = Object.fromEntries(flags.map((name) => [name, undefined]));

/** Options of a new fault make no sense elsewhere, nor does a second word. */
function refuseExtra(options: CommandOptions, word?: string): void {
  if (word !== undefined)
    throw usageError('usage.fault', `${show(word)} is one word too many`, 'pipeline local fault --help');
  const given = flags.find((name) => options[name] !== undefined);
  if (given) throw usageError('usage.fault', `--${given} is for new faults only`, 'pipeline local fault --help');
}

function requestOf(kind: string, options: CommandOptions): FaultRequest {
  const text = (name: string) => textOf(options, name);
  return {
    kind: kind as FaultRequest['kind'],
    operation: text('operation'),
    service: text('service'),
    region: text('region'),
    zone: text('zone'),
    instance: text('instance'),
    image: text('image'),
    group: text('group'),
    type: text('type'),
    alarm: text('alarm'),
    rate: numberOf(options, 'rate'),
    count: numberOf(options, 'count'),
    forMs: durationOf(options, 'for'),
    code: text('code'),
    status: numberOf(options, 'status'),
    message: text('message'),
    delayMs: durationOf(options, 'delay'),
    periodMs: durationOf(options, 'period'),
    profile: text('profile') as FaultRequest['profile'],
    ...bucketOf(text('bucket')),
  };
}

function bucketOf(given: string | undefined): Pick<FaultRequest, 'capacity' | 'refill'> {
  if (given === undefined) return {};
  const [, capacity, refill] = /^(\d+)\/(\d+(?:\.\d+)?)$/.exec(given) ?? [];
  if (capacity !== undefined && refill !== undefined) return { capacity: Number(capacity), refill: Number(refill) };
  const hint = 'tokens it holds, and tokens it gets each second, e.g. 5/2';
  throw usageError('usage.bucket', `--bucket ${show(given)} is no bucket`, hint);
}
