import { messageOf } from '@golden-pipeline/shared/errors';
import { EventHub, type EventReader } from '../../engine/event-hub.ts';
import type { RunEvents } from '../../runner/ports.ts';
import { type CliContext, type GlobalOptions, useColor } from '../context.ts';
import { openEventFile } from './ndjson.ts';
import { plainView } from './plain.ts';
import { colorsFor, printable } from './text.ts';

/** Opens the live list on a terminal, else lines, and the file of the events. @throws usage error `events.not-writable` */
export async function openViews(
  context: CliContext,
  options: Pick<GlobalOptions, 'events' | 'color'>,
): Promise<RunEvents> {
  const views: EventReader[] = [];
  if (options.events !== undefined) views.push(openEventFile(options.events, context.cwd));
  views.push(await progressView(context, options));
  const hub = new EventHub(views, (error) => {
    context.stderr.write(`warning: events can no longer be shown or written: ${printable(messageOf(error))}\n`);
  });
  return { emit: hub.emit, close: () => hub.close() };
}

async function progressView(context: CliContext, options: Pick<GlobalOptions, 'color'>): Promise<EventReader> {
  if (!context.terminal) return plainView(context.stderr, context.clock);
  const { terminalView } = await import('./terminal.ts');
  return terminalView(context.terminal, colorsFor(useColor(context, options, context.stderr)), context.clock);
}
