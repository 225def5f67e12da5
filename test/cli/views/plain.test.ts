import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, test } from 'vitest';
import { plainView } from '../../../src/cli/views/plain.ts';
import type { NewEvent, RunEvent } from '../../../src/engine/events.ts';
import { Written } from '../support/fake-context.ts';
import { badRun, goodRun, recorded } from '../support/recorded.ts';

function shown(events: typeof goodRun): string[] {
  const output = new Written();
  const view = plainView(output, new ManualClock());
  for (const event of events) view.on(event);
  return output.text.split('\n').slice(0, -1);
}

test('a run is printed as one line per event, without changes and the lock', () => {
  expect(shown(goodRun)).toEqual([
    '12:03:10 api       started   release api in local, run run-1',
    '12:03:12 stage     started   Build the release on the bake instance',
    '12:03:13 stage     progress  task 3 (3 of 12)',
    '12:03:14 stage     note      bake instance i-1',
    '12:03:15 stage     done      4.5s',
    '12:03:16 roll      started   Roll instances onto the new image',
    '12:03:19 roll      done      1m 5s',
    '12:03:20 run       done      1m 10s',
  ]);
});

test('a failure shows its message and the undo, and leaves the evidence to the end of the command', () => {
  const lines = shown(badRun);
  expect(lines).toContain('12:03:14 roll      failed    the refresh failed');
  expect(lines.join('\n')).not.toContain('i-2 never got healthy');
  expect(lines).toContain('12:03:18 stage     not undone i-1 does not answer');
});

test('progress is printed at most every five seconds, and never twice the same', () => {
  const lines = shown(
    recorded(['a', 'b', 'c', 'd', 'e', 'f', 'f'].map((message) => ({ code: 'step.progress', step: 'roll', message }))),
  );
  expect(lines.map((line) => line.split(' ').at(-1))).toEqual(['a', 'f']);
});

test('a broken connection is printed with how long it is waited for, and that it is back', () => {
  const until = new Date(2026, 0, 1, 20, 14, 30).getTime();
  const outage = { code: 'connection.lost', step: 'roll', seconds: 40, until } as const;
  const lines = shown(
    recorded([
      { ...outage, kind: 'network', reason: 'socket hang up (ECONNRESET)' },
      { ...outage, kind: 'credentials', reason: 'ExpiredToken' },
      { code: 'connection.restored', step: 'roll', seconds: 70 },
    ]),
  );
  const texts = [
    'no connection to AWS for 40s; retrying until 20:14, Ctrl-C to stop here (socket hang up (ECONNRESET))',
    'the AWS credentials have expired, log in again: aws sso login; waiting for 40s; retrying until 20:14, Ctrl-C to stop here (ExpiredToken)',
    'AWS can be reached again after 1m 10s; the run continues',
  ];
  expect(lines).toEqual(texts.map((text) => expect.stringContaining(text)));
});

const steps = [
  { id: 'stage', title: 'Build the release' },
  { id: 'roll', title: 'Roll instances' },
];
const headline = { version: 'v2', previous: 'v1', commit: '3f2a9c1d2e3f4a5b', subject: 'Fix the \u001b[2Jbasket' };
const expected = { seconds: 372, steps: { stage: 40, roll: 190 }, runs: 3 };
const started: NewEvent = {
  ...{ code: 'run.started', schema: 2, operation: 'release', app: 'api', environment: 'local' },
  ...{ steps, headline, expected },
};

test('the first line is the headline with the expected time, and each step begins with its own', () => {
  const lines = shown(recorded([started, { code: 'step.started', step: 'roll', title: 'Roll instances' }]));
  expect(lines).toEqual([
    '12:03:10 api       started   release api v2 in local: 3f2a9c1d2e3f "Fix the basket" (before: v1), run run-1, about 6m 10s',
    '12:03:11 roll      started   Roll instances (about 3m 10s)',
  ]);
});

test('a window of known length is printed with the time that is left, and not again every second', () => {
  const at = recorded([started])[0]?.at ?? 0;
  const watch = (endsAt: number): NewEvent => ({ code: 'step.progress', step: 'roll', message: 'all healthy', endsAt });
  const lines = shown(recorded([started, ...Array.from({ length: 9 }, () => watch(at + 60_000))]));
  expect(lines.slice(1)).toEqual(['12:03:11 roll      progress  all healthy, 59s left']);
});

test('a step that prints nothing for a minute gets a line a minute with its time and what is left, until it has ended', async () => {
  const output = new Written();
  const clock = new ManualClock();
  const view = plainView(output, clock);
  const on = (event: NewEvent) => view.on({ ...event, at: clock.now(), run: 'run-1' } as RunEvent);
  on(started);
  on({ code: 'step.started', step: 'roll', title: 'Roll instances' });
  on({ code: 'step.progress', step: 'roll', message: 'all healthy', endsAt: clock.now() + 150_000 });
  await clock.advance(150_000);
  on({ code: 'step.finished', step: 'roll', seconds: 150 });
  await clock.advance(300_000);
  await view.close();
  const said = output.text.split('\n').filter((line) => line.includes('running'));
  expect(said.map((line) => line.slice(9))).toEqual([
    'roll      running   1m of about 3m 10s; all healthy, 1m 30s left',
    'roll      running   2m of about 3m 10s; all healthy, 30s left',
  ]);
});

test('each line that a command has printed is shown, without terminal sequences', () => {
  const lines = shown(
    recorded(
      ['applying 1', '\u001b[31mred\u001b[0m \u0007'].map((line) => ({ code: 'step.output', step: 'migrate', line })),
    ),
  );
  expect(lines.map((line) => line.split('|')[1]?.trim())).toEqual(['applying 1', 'red \\u0007']);
});
