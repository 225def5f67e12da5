import { messageOf } from '@golden-pipeline/shared/errors';
import type { EventSink } from '../../engine/events.ts';
import { type CliContext, type GlobalOptions, useColor } from '../context.ts';
import { EventHub, type View } from './hub.ts';
import { openEventFile } from './ndjson.ts';
import { plainView } from './plain.ts';
import { type RunFacts, recordView } from './record.ts';
import { colorsFor } from './text.ts';

/** The views of one run. */
export interface OpenViews {
  readonly emit: EventSink;
  /** What the events have told so far. */
  readonly facts: RunFacts;
  /** Ends all views; safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens what the options ask for: the live list on a terminal, else lines; the events' file; and the record of the run.
 * @throws usage error `events.not-writable`.
 */
export async function openViews(
  context: CliContext,
  options: Pick<GlobalOptions, 'events' | 'color'>,
): Promise<OpenViews> {
  const record = recordView();
  const views: View[] = [record];
  if (options.events !== undefined) views.push(openEventFile(options.events, context.cwd));
  views.push(await progressView(context, options));
  const hub = new EventHub(views, (error) => {
    context.stderr.write(`warning: events can no longer be shown or written: ${messageOf(error)}\n`);
  });
  return { emit: hub.emit, facts: record.facts, close: () => hub.close() };
}

async function progressView(context: CliContext, options: Pick<GlobalOptions, 'color'>): Promise<View> {
  if (!context.terminal) return plainView(context.stderr);
  const { terminalView } = await import('./terminal.ts');
  return terminalView(context.terminal, colorsFor(useColor(context, options, context.stderr)));
}
