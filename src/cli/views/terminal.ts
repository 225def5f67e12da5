import type { Clock, Timer } from '@golden-pipeline/shared/clock';
import { Listr, ListrLogger, type ListrTaskWrapper, ProcessOutput } from 'listr2';
import type { EventReader } from '../../engine/event-hub.ts';
import type { ExpectedTime, RunEvent } from '../../engine/events.ts';
import { connectionText } from './connection.ts';
import { elapsedText, expectedOf, headlineText, progressText } from './progress.ts';
import { type Colors, duration, oneLine } from './text.ts';
import { wrapLines, wrapWidth } from './wrap.ts';

// biome-ignore lint/suspicious/noExplicitAny: listr2 asks for its own context and renderer types, which do not matter here
type Task = ListrTaskWrapper<any, any, any>;

/** How often elapsed times and countdowns are drawn anew, in milliseconds. */
const tickMs = 1000;

/** On a narrower terminal the time of a step is below its title. */
const minimumColumns = 70;

/** One row: what the events say of a step, and the promise that its row in the list waits for. */
interface Row {
  title: string;
  notes: string[];
  /** What the step does at the moment, at a time of the clock. */
  progress?: (now: number) => string;
  /** While it runs: since when, in milliseconds since the epoch, and how many seconds it usually takes. */
  running?: { since: number; expected: number | undefined };
  task?: Task;
  finish: (error?: Error) => void;
  drawn: Promise<void>;
}

/**
 * The headline of a run and the live list of its steps, drawn by listr2, which only watches: every row waits for the event that ends its
 * step. What is undone after a failure follows as rows of its own.
 */
export function terminalView(stream: NodeJS.WriteStream, colors: Colors, clock: Clock): EventReader {
  const rows = new Map<string, Row>();
  const undos = new Map<string, Row>();
  // Lists are drawn one after the other, though events may be ahead of the drawing.
  let drawing = Promise.resolve();
  /** The whole run, where it has more than one step. */
  let whole: { since: number; expected: ExpectedTime | undefined } | undefined;
  let timer: Timer | undefined;

  const draw = (shown: Row[], headline?: string): void => {
    drawing = drawing.then(async () => {
      if (headline !== undefined) stream.write(`${wrapLines(colors.bold(headline), wrapWidth(stream))}\n`);
      const list = new Listr(
        shown.map((row) => ({
          title: row.title,
          task: async (_: unknown, task: Task) => {
            row.task = task;
            show(row);
            await row.drawn;
          },
        })),
        {
          registerSignalListeners: false,
          renderer: 'default',
          forceTTY: true,
          rendererOptions: {
            collapseErrors: false,
            collapseSkips: false,
            formatOutput: 'truncate',
            logger: new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(stream, stream) }),
            timer: undefined,
          },
        },
      );
      for (const task of list.tasks) task.rendererTaskOptions = { persistentOutput: true };
      // A failed step is reported by the run's own end; here it only ends the drawing.
      await list.run().catch(() => undefined);
    });
  };

  const row = (step: string): Row | undefined => undos.get(step) ?? rows.get(step);
  const show = (shown: Row | undefined): void => {
    if (!shown?.task) return;
    const now = clock.now();
    const { running, progress } = shown;
    const lines = [...shown.notes];
    if (progress) lines.push(progress(now));
    const own = running && elapsedText((now - running.since) / 1000, running.expected);
    const all = running && whole && `${elapsedText((now - whole.since) / 1000, whole.expected?.seconds)} in all`;
    // Behind a title that is cut off nobody would see it.
    const narrow = (stream.columns ?? minimumColumns) < minimumColumns;
    for (const below of [narrow && own, all]) if (below) lines.push(colors.dim(below));
    shown.task.title = own && !narrow ? `${shown.title} ${colors.dim(own)}` : shown.title;
    shown.task.output = lines.join('\n');
  };
  const tick = (): void => {
    for (const shown of [...rows.values(), ...undos.values()]) if (shown.running) show(shown);
    timer = clock.after(tickMs, tick);
  };
  const begin = (shown: Row | undefined, since: number, expected?: number): void => {
    if (!shown) return;
    shown.running = { since, expected };
    show(shown);
    timer ??= clock.after(tickMs, tick);
  };
  /** @param error Why it failed; `noted` where its notes say that already. */
  const end = (shown: Row | undefined, seconds?: number, error?: { message: string } | 'noted'): void => {
    if (!shown) return;
    delete shown.progress;
    delete shown.running;
    if (seconds !== undefined) shown.title = `${shown.title} ${colors.dim(duration(seconds))}`;
    show(shown);
    // An error that reads like the title is not printed below it.
    const message = error === 'noted' ? shown.task?.title : error && oneLine(error.message);
    shown.finish(error === undefined ? undefined : new Error(message));
  };

  const on = (event: RunEvent): void => {
    switch (event.code) {
      case 'run.started': {
        const list = event.steps.map((step) => newRow(step.title));
        event.steps.forEach(({ id }, index) => void rows.set(id, list[index] as Row));
        whole = list.length > 1 ? { since: event.at, expected: event.expected } : undefined;
        draw(list, headlineText(event));
        break;
      }
      case 'step.started':
        begin(rows.get(event.step), event.at, expectedOf(whole?.expected, event.step));
        break;
      case 'step.progress': {
        const shown = row(event.step);
        // What a run does last of all belongs to steps that have ended.
        if (shown?.running) shown.progress = (now) => progressText(event, now);
        show(shown);
        break;
      }
      case 'step.output': {
        const shown = row(event.step);
        if (shown) shown.progress = () => oneLine(event.line);
        show(shown);
        break;
      }
      case 'connection.lost': {
        const shown = row(event.step);
        if (shown) shown.progress = () => oneLine(connectionText(event));
        show(shown);
        break;
      }
      case 'connection.restored': {
        const shown = row(event.step);
        if (shown) delete shown.progress;
        shown?.notes.push(connectionText(event));
        show(shown);
        break;
      }
      case 'step.note':
        row(event.step)?.notes.push(oneLine(event.message));
        show(row(event.step));
        break;
      case 'step.finished':
        end(rows.get(event.step), event.seconds);
        break;
      case 'step.skipped':
        rows.get(event.step)?.notes.push(oneLine(event.reason));
        end(rows.get(event.step));
        break;
      case 'step.failed': {
        const failed = rows.get(event.step);
        const noted =
          event.error.code === 'run.interrupted' && failed?.notes.some((note) => /^interrupted\b/.test(note));
        // Past runs that succeeded say nothing about an undo.
        if (whole) whole.expected = undefined;
        end(failed, event.seconds, noted ? 'noted' : event.error);
        break;
      }
      case 'undo.started': {
        const undo = newRow(`undo: ${event.title}`);
        undos.set(event.step, undo);
        draw([undo]);
        begin(undo, event.at);
        break;
      }
      case 'undo.finished':
        end(undos.get(event.step), event.seconds);
        break;
      case 'undo.failed':
        end(undos.get(event.step), undefined, event.error);
        break;
      default:
        return;
    }
  };

  return {
    on,
    async close() {
      timer?.cancel();
      // A run that stopped between steps leaves rows that no event will end.
      for (const open of [...rows.values(), ...undos.values()]) {
        delete open.running;
        open.finish(new Error('not reached'));
      }
      await drawing;
    },
  };
}

function newRow(title: string): Row {
  let finish: Row['finish'] = () => undefined;
  const drawn = new Promise<void>((resolve, reject) => {
    finish = (error) => (error ? reject(error) : resolve());
  });
  // Rows behind a failed one are never drawn to their end.
  drawn.catch(() => undefined);
  return { title: oneLine(title), notes: [], finish, drawn };
}
