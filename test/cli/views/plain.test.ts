import { expect, test } from 'vitest';
import { plainView } from '../../../src/cli/views/plain.ts';
import { Written } from '../support/fake-context.ts';
import { badRun, goodRun, recorded } from '../support/recorded.ts';

function shown(events: typeof goodRun): string[] {
  const output = new Written();
  const view = plainView(output);
  for (const event of events) view.on(event);
  return output.text.split('\n').slice(0, -1);
}

test('a run is printed as one line per event, without changes and the lock', () => {
  expect(shown(goodRun)).toEqual([
    '12:03:10 api       started   release in local, run run-1',
    '12:03:12 stage     started   Build the release on the bake instance',
    '12:03:13 stage     progress  task 3 (3 of 12)',
    '12:03:14 stage     note      bake instance i-1',
    '12:03:15 stage     done      4.5s',
    '12:03:16 roll      started   Roll instances onto the new image',
    '12:03:19 roll      done      1m 5s',
    '12:03:20 run       done      1m 10s',
  ]);
});

test('a failure shows its evidence and the undo, without terminal sequences', () => {
  const lines = shown(badRun);
  expect(lines).toContain('12:03:14 roll      failed    the refresh failed');
  expect(lines).toContain(`${' '.repeat(29)}i-2 never got healthy`);
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
