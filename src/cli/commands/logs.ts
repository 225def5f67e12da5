import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { OpenServices } from '../../composition/services.ts';
import { withServices } from '../../composition/with-services.ts';
import { redactionOf } from '../../config/redaction.ts';
import { exitCodeOf } from '../../engine/interrupt.ts';
import type { LogQuery } from '../../fleet/logs/read-host.ts';
import { readFleetLogs } from '../../logs/read-fleet.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { type CliContext, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { duration, flag, parsed, parseOptions, positive, text } from '../options.ts';
import { stopSignalsOf } from '../stop-signals.ts';
import { jsonView, textView } from '../views/logs.ts';
import { colorsFor, printable } from '../views/text.ts';
import { readHostChoice } from './support/host-choice.ts';

/** Lines of each instance without `--since` and `--lines`; with `--grep` more are looked through. */
const defaultLines = { all: 100, grep: 10_000 };

/** `pipeline logs <app>`: the logs of its service on all instances, side by side. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const query = readQuery(context, options);
  const choice = readHostChoice(options);
  const fleet = await fleetOf(context, app, options);
  const colors = colorsFor(useColor(context, options, context.stdout));
  const view = options.json ? jsonView() : textView(colors, () => context.clock.now());
  const redact = redactionOf(fleet, context.env);
  const stop = stopSignalsOf(context);
  try {
    const work = (services: OpenServices) =>
      readFleetLogs(
        services,
        { choice, query },
        {
          hosts: (hosts) => view.hosts(hosts.map((host) => host.instanceId)),
          entry(entry) {
            context.stdout.write(view.line({ ...entry, text: redact(entry.text) }));
            // Nobody reads any more, as after `| head`: that is a good end.
            if (context.stdout.lost) stop.abort();
          },
          note: (note) => context.stderr.write(`${printable(note)}\n`),
        },
        { clock: context.clock, signal: stop.signal },
      );
    const unread = await withServices(context, fleet, work, stop.signal);
    if (stop.received) return exitCodeOf[stop.received];
    return unread.length === 0 || stop.signal.aborted ? exitCodes.done : exitCodes.failed;
  } finally {
    stop.remove();
  }
};

function readQuery({ clock }: CliContext, options: CommandOptions): LogQuery {
  const { since, grep, unit, follow } = parseOptions(options, {
    ...{ since: parsed((given) => sinceOf(given, clock.now())), follow: flag },
    ...{ grep: text, unit: text },
  });
  if (unit !== undefined && !/^[A-Za-z0-9][A-Za-z0-9:_.\\@-]*$/.test(unit)) {
    throw usageError('usage.unit', `--unit ${show(unit)} is not a unit of systemd`, 'e.g. --unit nginx.service');
  }
  if (grep === '') throw usageError('logs.grep', '--grep is empty', 'e.g. --grep "timeout|refused"');
  const most = grep === undefined ? defaultLines.all : defaultLines.grep;
  const lines = options.lines === undefined && since !== undefined ? undefined : positive(most)(options.lines, 'lines');
  return {
    ...(since !== undefined && { since }),
    ...(lines !== undefined && { lines }),
    ...(grep !== undefined && { grep }),
    ...(unit !== undefined && { unit }),
    follow,
  };
}

/** `10m` ago, or a time with its zone. */
function sinceOf(given: string, now: number): number {
  if (/^\d{4}-/.test(given)) {
    const at = /(Z|[+-]\d\d:\d\d)$/.test(given) ? Date.parse(given) : Number.NaN;
    if (!Number.isNaN(at)) return at;
    throw usageError(
      'usage.since',
      `--since ${show(given)} is not a time with its zone`,
      'e.g. --since 10m or --since 2027-03-01T09:30Z',
    );
  }
  return now - (duration(given, 'since') ?? 0);
}
