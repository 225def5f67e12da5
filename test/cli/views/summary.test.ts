import { expect, test } from 'vitest';
import { runDocument } from '../../../src/cli/views/json.ts';
import { renderSummary } from '../../../src/cli/views/summary.ts';
import { colorsFor } from '../../../src/cli/views/text.ts';
import type { NewEvent, RunEvent } from '../../../src/engine/events.ts';
import { readFacts } from '../../../src/runner/run-facts.ts';
import { badRun, goodRun, recorded } from '../support/recorded.ts';

const colors = colorsFor(false);
const step = (id: string) => ({ id, title: `Do ${id}` });

function facts(events: typeof goodRun) {
  const view = readFacts();
  for (const event of events) view.on(event);
  return view.facts;
}

test('the summary of a successful run has seconds per step, its outcome and the command that undoes it', () => {
  expect(renderSummary(facts(goodRun), { colors, undo: 'pipeline fast-rollback api v1' })).toBe(
    [
      'step   status  time   what',
      'stage  done    4.5s   Build the release on the bake instance',
      'roll   done    1m 5s  Roll instances onto the new image',
      '',
      'release api v2 (before: v1) in local: done in 1m 10s, run run-1',
      'undo: pipeline fast-rollback api v1',
      '',
    ].join('\n'),
  );
});

test('the summary of a failed run names the leftovers, separates the failed step from undone ones, and offers no undo', () => {
  const text = renderSummary(facts(badRun), { colors, undo: 'pipeline fast-rollback api v1' });
  expect(text).toMatch(/^stage {2}not-undone/m);
  expect(text).toMatch(/^roll {3}failed/m);
  expect(text).toContain('leftovers:\n  releases/v2 on i-1');
  expect(text).toContain('release api in local: failed; manual intervention required in 9s, run run-1');
  expect(text).not.toContain('undo:');
});

test("the JSON document has the steps with id, title, status and seconds, and the command's own result", () => {
  expect(runDocument(facts(goodRun), { method: 'rolling' })).toEqual({
    schema: 2,
    run: 'run-1',
    app: 'api',
    environment: 'local',
    operation: 'release',
    version: 'v2',
    previous: 'v1',
    method: 'rolling',
    outcome: 'done',
    seconds: 70,
    steps: [
      { id: 'stage', title: 'Build the release on the bake instance', status: 'done', seconds: 4.5 },
      { id: 'roll', title: 'Roll instances onto the new image', status: 'done', seconds: 65 },
    ],
  });
  expect(runDocument(facts(badRun), {})).toMatchObject({
    outcome: 'manual-intervention',
    error: { code: 'refresh.failed', message: 'the refresh failed' },
    leftovers: ['releases/v2 on i-1'],
  });
});

test('the summary leaves the table out where the list of the steps stands above it on the same terminal', () => {
  expect(renderSummary(facts(goodRun), { colors, undo: 'pipeline fast-rollback api v1', listed: true })).toBe(
    'release api v2 (before: v1) in local: done in 1m 10s, run run-1\nundo: pipeline fast-rollback api v1\n',
  );
});

const begun: NewEvent[] = [
  { code: 'run.started', schema: 2, operation: 'release', app: 'api', environment: 'local', steps: [step('roll')] },
  { code: 'step.started', step: 'roll', title: 'Roll' },
];
const changes: NewEvent = { code: 'change.intent', step: 'roll', action: 'start-refresh', target: 'api', token: 't' };
const stopped: NewEvent[] = [
  { code: 'step.failed', step: 'roll', seconds: 2, error: { code: 'run.interrupted', message: 'x', details: [] } },
];
const undone: NewEvent[] = [
  { code: 'undo.started', step: 'roll', title: 'Roll' },
  { code: 'undo.finished', step: 'roll', seconds: 1 },
];
const end: NewEvent = { code: 'run.finished', outcome: 'interrupted', seconds: 9, leftovers: [], summary: {} };

test.each([
  ['rolled back what it changed', [changes, ...stopped, ...undone], 'everything it changed was rolled back'],
  ['changed nothing', stopped, 'nothing was changed'],
  ['has a step without an undo', [changes, ...stopped], 'not undone: roll'],
])('an interrupted run that %s says so, and what to run again', (_, events, what) => {
  const shown = { colors, by: 'SIGINT', again: 'pipeline release api', listed: true } as const;
  expect(renderSummary(facts(recorded([...begun, ...events, end])), shown)).toBe(
    `release api in local: interrupted by Ctrl-C; ${what} in 9s, run run-1\nagain: pipeline release api\n`,
  );
});

test('a run that was interrupted when its work was committed says that it stays', () => {
  const seen = facts(recorded([...begun, changes, { code: 'step.finished', step: 'roll', seconds: 2 }, end]));
  expect(renderSummary(seen, { colors, by: 'SIGTERM', committed: true, listed: true })).toContain(
    'interrupted by SIGTERM when its work was done; what it changed stays in 9s',
  );
});

test('the JSON document has the expected seconds of a run that others like it have preceded', () => {
  const [first, ...rest] = goodRun as [RunEvent, ...RunEvent[]];
  const expected = { seconds: 61.5, steps: { roll: 50 }, runs: 2 };
  expect(runDocument(facts([{ ...first, expected } as RunEvent, ...rest]), {})).toMatchObject({
    expectedSeconds: 61.5,
  });
});

test('the summary lists what failed without changing the outcome', () => {
  const done = facts(goodRun);
  const text = renderSummary(
    { ...done, summary: { ...done.summary, warnings: ['Run bin/purge: exit 1'] } },
    { colors },
  );
  expect(text).toContain('\nwarnings:\n  Run bin/purge: exit 1\n\nrelease api v2');
});
