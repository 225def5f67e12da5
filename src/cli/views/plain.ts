import type { EventReader } from '../../engine/event-hub.ts';
import type { RunEvent } from '../../engine/events.ts';
import type { Output } from '../context.ts';
import { connectionText } from './connection.ts';
import { clockTime, duration, oneLine, printable } from './text.ts';

/** At most one line of progress per step in this time: logs of build servers should stay readable. */
const progressEveryMs = 5_000;

/** One line an event, for logs and pipes: `12:03:10 stage      started   Build the new environment on the host`. */
export function plainView(output: Output): EventReader {
  let width = 8;
  const lastProgress = new Map<string, { at: number; message: string }>();
  const line = (at: number, who: string, what: string, text = '') => {
    const [first = '', ...more] = printable(text).trimEnd().split('\n');
    output.write(`${clockTime(at)} ${who.padEnd(width)}  ${what.padEnd(9)} ${first}`.trimEnd());
    output.write('\n');
    for (const rest of more) output.write(`${' '.repeat(9 + width + 12)}${rest}\n`);
  };

  const on = (event: RunEvent): void => {
    switch (event.code) {
      case 'run.started':
        width = Math.max(width, ...event.steps.map((step) => step.id.length));
        line(event.at, event.app, 'started', `${event.operation} in ${event.environment}, run ${event.run}`);
        break;
      case 'run.finished':
        line(event.at, 'run', event.outcome, duration(event.seconds));
        break;
      case 'step.started':
        line(event.at, event.step, 'started', event.title);
        break;
      case 'step.progress': {
        const last = lastProgress.get(event.step);
        if (last && (last.message === event.message || event.at - last.at < progressEveryMs)) return;
        lastProgress.set(event.step, { at: event.at, message: event.message });
        line(event.at, event.step, 'progress', progressText(event));
        break;
      }
      case 'step.note':
        line(event.at, event.step, 'note', event.message);
        break;
      case 'connection.lost':
        line(event.at, event.step, 'waiting', connectionText(event));
        break;
      case 'connection.restored':
        line(event.at, event.step, 'note', connectionText(event));
        break;
      case 'step.finished':
        line(event.at, event.step, 'done', duration(event.seconds));
        break;
      case 'step.failed':
        line(event.at, event.step, 'failed', [event.error.message, ...event.error.details].join('\n'));
        break;
      case 'step.skipped':
        line(event.at, event.step, 'skipped', event.reason);
        break;
      case 'undo.started':
        line(event.at, event.step, 'undoing', event.title);
        break;
      case 'undo.finished':
        line(event.at, event.step, 'undone', duration(event.seconds));
        break;
      case 'undo.failed':
        line(event.at, event.step, 'not undone', event.error.message);
        break;
      default:
        // Changes and the lock are for the journal and for --events; in a log they would hide the steps.
        return;
    }
  };
  return { on, close: async () => undefined };
}

/** `waiting for the drain (3 of 4)`. */
export function progressText(event: { message: string; done?: number; total?: number }): string {
  const amount = event.done !== undefined && event.total !== undefined ? ` (${event.done} of ${event.total})` : '';
  return `${oneLine(event.message)}${amount}`;
}
