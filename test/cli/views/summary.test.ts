import { expect, test } from 'vitest';
import { runDocument } from '../../../src/cli/views/json.ts';
import { renderSummary } from '../../../src/cli/views/summary.ts';
import { colorsFor } from '../../../src/cli/views/text.ts';
import { readFacts } from '../../../src/runner/run-facts.ts';
import { badRun, goodRun } from '../support/recorded.ts';

const colors = colorsFor(false);

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
