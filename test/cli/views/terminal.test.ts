import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, test, vi } from 'vitest';
import { terminalView } from '../../../src/cli/views/terminal.ts';
import { colorsFor } from '../../../src/cli/views/text.ts';
import type { NewEvent, RunEvent } from '../../../src/engine/events.ts';
import { badRun, goodRun } from '../support/recorded.ts';

/** A terminal that keeps what is drawn on it; the last drawing of the list is what stays on the screen. */
function screen(columns = 100) {
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    columns,
    rows: 40,
  }) as unknown as NodeJS.WriteStream;
  let text = '';
  const write = stream.write.bind(stream);
  stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
    text += String(chunk);
    return write(chunk, ...rest);
  }) as typeof stream.write;
  const lines = () =>
    stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.trim());
  return { stream, lines };
}

async function draw(events: typeof goodRun): Promise<string[]> {
  const { stream, lines } = screen();
  const view = terminalView(stream, colorsFor(false), new ManualClock());
  for (const event of events) view.on(event);
  await view.close();
  return lines();
}

test('the list ends with every step, its seconds and its notes', async () => {
  const lines = await draw(goodRun);
  expect(lines.some((line) => line.endsWith('Build the release on the bake instance 4.5s'))).toBe(true);
  expect(lines.some((line) => line.endsWith('bake instance i-1'))).toBe(true);
  expect(lines.some((line) => line.endsWith('Roll instances onto the new image 1m 5s'))).toBe(true);
});

test('a failure is shown under its step and each undo on a line of its own', async () => {
  const text = (await draw(badRun)).join('\n');
  expect(text).toContain('the refresh failed');
  expect(text).toContain('undo: Roll instances onto the new image 1s');
  expect(text).toContain('i-1 does not answer');
});

test('the view of a run that stops in the middle of a step can be closed', async () => {
  const text = (await draw(goodRun.slice(0, 4))).join('\n');
  expect(text).toContain('Build the release on the bake instance');
});

const title = 'Roll instances onto the new image';
const started: NewEvent = {
  ...{ code: 'run.started', schema: 2, operation: 'release', app: 'api', environment: 'production' },
  steps: [
    { id: 'stage', title: 'Build the release' },
    { id: 'roll', title },
  ],
  headline: {
    version: 'v42',
    previous: 'v41',
    commit: '3f2a9c1d2e3f4a5b',
    subject: '\u4fee\u7406\u8cb7\u7269\u7c60\u001b[31m\u0007',
  },
  expected: { seconds: 370, steps: { stage: 40, roll: 180 }, runs: 3 },
};

/** A view on a clock that a test moves; `until` resolves when a line of the screen has the text. */
function live(columns?: number) {
  const { stream, lines } = screen(columns);
  const clock = new ManualClock();
  const view = terminalView(stream, colorsFor(false), clock);
  const on = (event: NewEvent) => view.on({ ...event, at: clock.now(), run: 'run-1' } as RunEvent);
  const until = (text: string) => vi.waitFor(() => expect(lines().join('\n')).toContain(text));
  return { clock, view, on, until, lines };
}

test('the headline names app, version, environment, commit and subject, without control characters of the subject', async () => {
  const { view, on, until, lines } = live();
  on(started);
  await until('release api v42 in production');
  await view.close();
  expect(lines()[0]).toBe('release api v42 in production: 3f2a9c1d2e3f "\u4fee\u7406\u8cb7\u7269\u7c60" (before: v41)');
});

test('on a terminal of 40 columns the headline is wrapped at words, and no line of the list is wider', async () => {
  const { clock, view, on, until, lines } = live(40);
  on(started);
  on({ code: 'step.started', step: 'stage', title: 'Build the release' });
  await clock.advance(1000);
  await until('1s of about 40s\n');
  await until('1s of about 6m 10s in all');
  await view.close();
  expect(lines().slice(0, 2)).toEqual([
    'release api v42 in production:',
    '3f2a9c1d2e3f "\u4fee\u7406\u8cb7\u7269\u7c60" (before:',
  ]);
  expect(lines().filter((line) => line.length > 40)).toEqual([]);
});

test('a running step shows its own elapsed and expected time and those of the whole run, second by second', async () => {
  const { clock, view, on, until } = live();
  on(started);
  on({ code: 'step.started', step: 'stage', title: 'Build the release' });
  await clock.advance(12_000);
  await until('Build the release 12s of about 40s');
  await until('12s of about 6m 10s in all');
  await clock.advance(60_000);
  await until('Build the release 1m 12s, usually about 40s');
  on({ code: 'step.finished', step: 'stage', seconds: 72 });
  on({ code: 'step.started', step: 'roll', title });
  await clock.advance(5_000);
  await until(`${title} 5s of about 3m`);
  await until('1m 17s of about 6m 10s in all');
  await view.close();
});

test('a window counts down by itself, and a note in between does not stop it', async () => {
  const { clock, view, on, until } = live();
  on(started);
  on({ code: 'step.started', step: 'stage', title: 'Build the release' });
  on({ code: 'step.progress', step: 'stage', message: 'measuring what serves now', endsAt: clock.now() + 30_000 });
  await until('measuring what serves now, 30s left');
  on({ code: 'step.note', step: 'stage', message: 'a note' });
  await clock.advance(7_000);
  await until('measuring what serves now, 23s left');
  await view.close();
});

test('without runs to compare with there is only the elapsed time', async () => {
  const { clock, view, on, until, lines } = live();
  const { expected: _, ...first } = started as Extract<NewEvent, { code: 'run.started' }>;
  on(first);
  on({ code: 'step.started', step: 'stage', title: 'Build the release' });
  await clock.advance(5_000);
  await until('5s in all');
  await view.close();
  expect(lines().join('\n')).not.toContain('about');
});

test('an interruption is printed once, by the note of the signal, and the undo is not compared with past runs', async () => {
  const { clock, view, on, until, lines } = live();
  on(started);
  on({ code: 'step.started', step: 'stage', title: 'Build the release' });
  await until('0s of about 40s');
  on({ code: 'step.note', step: 'stage', message: 'interrupted; the changes of this run are being undone' });
  const error = { code: 'run.interrupted', message: 'interrupted by Ctrl-C', details: [] };
  on({ code: 'step.failed', step: 'stage', seconds: 3, error });
  on({ code: 'undo.started', step: 'stage', title: 'Build the release' });
  await until('undo: Build the release');
  await clock.advance(4_000);
  await until('4s in all');
  on({ code: 'undo.finished', step: 'stage', seconds: 4 });
  await view.close();
  expect(lines().join('\n')).toContain('interrupted; the changes of this run are being undone');
  expect(lines().join('\n')).not.toContain('interrupted by Ctrl-C');
});
