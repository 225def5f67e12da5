import type { Clock, Timer } from '@golden-pipeline/shared/clock';
import type { EventReader } from '../../engine/event-hub.ts';
import type { ExpectedTime, RunEvent } from '../../engine/events.ts';
import type { Output } from '../context.ts';
import { connectionText } from './connection.ts';
import { aboutText, elapsedText, expectedOf, headlineText, progressText } from './progress.ts';
import { clockTime, duration, printable } from './text.ts';

/** At most one line of progress per step in this time: logs of build servers should stay readable. */
const progressEveryMs = 5_000;
/** After so long without a line, one says what goes on: build servers end jobs that print nothing. */
const silenceMs = 60_000;

type Progress = Extract<RunEvent, { code: 'step.progress' }>;

/**
 * One line an event, for logs and pipes: `12:03:10 stage      started   Build the new environment on the host (about 40s)`. During a long
 * step a line a minute says how long it has taken.
 */
export function plainView(output: Output, clock: Clock): EventReader {
  let width = 8;
  let expected: ExpectedTime | undefined;
  let running: { step: string; since: number; progress?: Progress } | undefined;
  let timer: Timer | undefined;
  const lastProgress = new Map<string, { at: number; text: string }>();
  const line = (at: number, who: string, what: string, text = '') => {
    const [first = '', ...more] = printable(text).trimEnd().split('\n');
    output.write(`${clockTime(at)} ${who.padEnd(width)}  ${what.padEnd(9)} ${first}`.trimEnd());
    output.write('\n');
    for (const rest of more) output.write(`${' '.repeat(9 + width + 12)}${rest}\n`);
    awaitSilence();
  };
  const awaitSilence = () => {
    timer?.cancel();
    timer = running && clock.after(silenceMs, sayRunning);
  };
  const sayRunning = () => {
    if (!running) return;
    const { step, since, progress } = running;
    const now = clock.now();
    const elapsed = elapsedText((now - since) / 1000, expectedOf(expected, step));
    line(now, step, 'running', [elapsed, ...(progress ? [progressText(progress, now)] : [])].join('; '));
  };
  const end = () => {
    running = undefined;
    timer?.cancel();
  };

  const on = (event: RunEvent): void => {
    switch (event.code) {
      case 'run.started': {
        width = Math.max(width, ...event.steps.map((step) => step.id.length));
        ({ expected } = event);
        const usual = expected ? `, ${aboutText(expected.seconds)}` : '';
        line(event.at, event.app, 'started', `${headlineText(event)}, run ${event.run}${usual}`);
        break;
      }
      case 'run.finished':
        end();
        line(event.at, 'run', event.outcome, duration(event.seconds));
        break;
      case 'step.started': {
        running = { step: event.step, since: event.at };
        const usual = expectedOf(expected, event.step);
        // Of what is over before anybody has read the line, nobody wants to know how long it takes.
        line(event.at, event.step, 'started', `${event.title}${usual && usual >= 1 ? ` (${aboutText(usual)})` : ''}`);
        break;
      }
      case 'step.progress': {
        if (running?.step === event.step) running.progress = event;
        const last = lastProgress.get(event.step);
        const text = progressText(event, event.at);
        // A countdown is the same text with every second.
        const same = progressText(event, Number.POSITIVE_INFINITY);
        if (last && (last.text === same || event.at - last.at < progressEveryMs)) return;
        lastProgress.set(event.step, { at: event.at, text: same });
        line(event.at, event.step, 'progress', text);
        break;
      }
      case 'step.note':
        line(event.at, event.step, 'note', event.message);
        break;
      case 'step.output':
        line(event.at, event.step, '|', event.line);
        break;
      case 'connection.lost':
        line(event.at, event.step, 'waiting', connectionText(event));
        break;
      case 'connection.restored':
        line(event.at, event.step, 'note', connectionText(event));
        break;
      case 'step.finished':
        end();
        line(event.at, event.step, 'done', duration(event.seconds));
        break;
      case 'step.failed':
        end();
        // Its evidence and its fix are printed at the end, below what was undone.
        line(event.at, event.step, 'failed', event.error.message);
        break;
      case 'step.skipped':
        end();
        line(event.at, event.step, 'skipped', event.reason);
        break;
      case 'undo.started':
        running = { step: event.step, since: event.at };
        line(event.at, event.step, 'undoing', event.title);
        break;
      case 'undo.finished':
        end();
        line(event.at, event.step, 'undone', duration(event.seconds));
        break;
      case 'undo.failed':
        end();
        line(event.at, event.step, 'not undone', event.error.message);
        break;
      default:
        // Changes and the lock are for the journal and for --events; in a log they would hide the steps.
        return;
    }
  };
  return {
    on,
    async close() {
      end();
    },
  };
}
