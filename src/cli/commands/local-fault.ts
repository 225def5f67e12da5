import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { FaultRequest } from 'golden-pipeline-local-cloud/client';
import { checkFault } from 'golden-pipeline-local-cloud/client';
import type { CommandModule, CommandOptions } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openControl } from '../local-control.ts';
import { choice, duration, number, parsed, parseOptions, text } from '../options.ts';
import { describeFault, renderFaults } from '../views/faults.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor, printable } from '../views/text.ts';

/** `pipeline local fault <kind>`, `... list`, `... clear [id]`: what goes wrong in the local cloud on request. */
export const run: CommandModule['run'] = async (context, [what = '', id], options) => {
  const colors = colorsFor(useColor(context, options, context.stdout));
  if (what === 'list') {
    refuseWord(id);
    refuseOptions(options);
    const faults = await openControl(context, options).faults();
    if (options.json) writeJson(context.stdout, faults);
    else context.stdout.write(renderFaults(faults, colors, context.clock.now()));
    return exitCodes.done;
  }
  if (what === 'clear') {
    refuseOptions(options);
    const cleared = await openControl(context, options).clearFaults(id);
    if (options.json) writeJson(context.stdout, { cleared });
    else context.stdout.write(cleared === 1 ? '1 fault is off\n' : `${cleared} faults are off\n`);
    return exitCodes.done;
  }
  refuseWord(id);
  // Checked here too, so that a mistake is reported whether or not the cloud runs.
  const request = requestOf(what, options);
  checkFault(request);
  const fault = await openControl(context, options).addFault(request);
  if (options.json) writeJson(context.stdout, fault);
  else context.stdout.write(`fault ${fault.id} is on: ${printable(describeFault(fault))}\n`);
  return exitCodes.done;
};

/** Options of a new fault. */
const ofNewFault = {
  ...{ operation: text, service: text, region: text, zone: text, instance: text, image: text, group: text },
  ...{ type: text, alarm: text, rate: number, count: number, for: duration, code: text, status: number },
  ...{ message: text, delay: duration, period: duration, profile: choice('published'), bucket: parsed(bucketOf) },
};

function refuseWord(word: string | undefined): void {
  if (word === undefined) return;
  throw usageError('usage.fault', `${show(word)} is one word too many`, 'pipeline local fault --help');
}

function refuseOptions(options: CommandOptions): void {
  const given = Object.keys(ofNewFault).find((name) => options[name] !== undefined);
  if (given) throw usageError('usage.fault', `--${given} is for new faults only`, 'pipeline local fault --help');
}

function requestOf(kind: string, options: CommandOptions): FaultRequest {
  const { for: forMs, delay: delayMs, period: periodMs, bucket, ...same } = parseOptions(options, ofNewFault);
  return { kind: kind as FaultRequest['kind'], ...same, forMs, delayMs, periodMs, ...bucket };
}

function bucketOf(given: string): Pick<FaultRequest, 'capacity' | 'refill'> {
  const [, capacity, refill] = /^(\d+)\/(\d+(?:\.\d+)?)$/.exec(given) ?? [];
  if (capacity !== undefined && refill !== undefined) return { capacity: Number(capacity), refill: Number(refill) };
  const fix = 'tokens it holds, and tokens it gets each second, e.g. 5/2';
  throw usageError('usage.bucket', `--bucket ${show(given)} is not a bucket`, fix);
}
