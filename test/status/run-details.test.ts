import { describe, expect, it } from 'vitest';
import { renderRun } from '../../src/cli/views/run-details.ts';
import { colorsFor } from '../../src/cli/views/text.ts';
import type { LockRecord, ReleaseRecord, RunRecord } from '../../src/ledger/types.ts';
import { describeRun, findRunId } from '../../src/status/run-details.ts';
import { readStory } from '../../src/status/run-journal.ts';

const id = '20260101T000000-abcd';
const record: RunRecord = {
  ...{ id, operation: 'release', app: 'api', environment: 'production', by: 'ann@ci', host: 'ci' },
  ...{ command: 'pipeline release api', startedAt: '2026-01-01T00:00:00.000Z' },
  steps: ['stage', 'bake', 'roll', 'verify'].map((step) => ({
    ...{ id: step, title: `Title of ${step}`, status: 'pending', seconds: 0 },
  })),
};
const ended = { outcome: 'rolled-back', finishedAt: '2026-01-01T00:10:00.000Z', seconds: 600, version: 'v7' };
const state = { version: 'v7', commit: 'c'.repeat(40), ref: 'main', subject: 'Sell', author: 'Ann' };

/** Entries a second apart. */
const journal = (...entries: Record<string, unknown>[]) =>
  entries.map((entry, index) => ({ ...entry, sequence: index + 1, at: 1000 * (index + 1) }) as unknown);
const begun = { type: 'run.started', schema: 2, run: id, state, steps: [] };
const step = (type: string, name: string, more = {}) => ({ type, step: name, ...more });
const failed = step('step.failed', 'bake', { error: { code: 'bake.failed', message: 'no image' } });

const detailsOf = (facts: Partial<RunRecord>, entries: unknown[], more: Parameters<typeof describeRun>[2] = {}) =>
  describeRun({ ...record, ...facts }, readStory(entries), more);

describe('a run that was rolled back', () => {
  const entries = journal(
    begun,
    ...[step('step.started', 'stage'), step('step.finished', 'stage'), step('step.started', 'bake'), failed],
    ...[step('undo.started', 'bake'), step('undo.finished', 'bake'), step('undo.started', 'stage')],
    step('undo.failed', 'stage', { error: { code: 'ssh.unreachable', message: 'no host' } }),
    { type: 'run.finished', outcome: 'manual-intervention', leftovers: ['Title of stage: no host'] },
  );

  it('has its commit, the time of each step, what failed with details and fix, and what was undone', () => {
    const error = { code: 'bake.failed', message: 'no image', fix: 'bake again', details: ['a line'] };
    expect(detailsOf({ ...ended, error }, entries)).toMatchObject({
      ...{ run: id, outcome: 'rolled-back', active: false, version: 'v7', commit: state.commit, ref: 'main' },
      ...{ subject: 'Sell', author: 'Ann', error: { step: 'bake', ...error } },
      steps: [
        { id: 'stage', status: 'done', seconds: 1 },
        { id: 'bake', status: 'failed', seconds: 1 },
        { id: 'roll', status: 'pending', seconds: 0 },
        { id: 'verify', status: 'pending' },
      ],
      undone: [{ step: 'bake', title: 'Title of bake' }],
      notUndone: [{ step: 'stage', title: 'Title of stage', error: 'no host' }],
      leftovers: ['Title of stage: no host'],
    });
  });

  it('has the error of the journal where the record is from before it was kept', () => {
    expect(detailsOf(ended, entries).error).toEqual({
      ...{ step: 'bake', code: 'bake.failed', message: 'no image', details: [] },
    });
    const crash = { code: 'run.crashed', message: 'it did not finish', details: [] };
    expect(detailsOf({ ...ended, error: crash }, entries).error?.code).toBe('bake.failed');
    expect(detailsOf({ ...ended, error: crash }, journal(begun)).error).toEqual({ step: null, ...crash });
  });
});

describe('a run that was continued', () => {
  it('has the time of all its processes, and no error once it is done', () => {
    const entries = journal(
      ...[begun, step('step.started', 'stage'), step('step.finished', 'stage'), step('step.started', 'bake'), failed],
      { type: 'run.finished', outcome: 'manual-intervention', leftovers: ['bake'] },
      ...[{ type: 'run.reopened' }, step('step.started', 'bake'), step('step.finished', 'bake')],
      { type: 'run.finished', outcome: 'done', leftovers: [] },
    );
    const run = detailsOf({ ...ended, outcome: 'done' }, entries);
    expect(run).toMatchObject({ error: null, leftovers: [] });
    expect(run.steps[1]).toMatchObject({ status: 'done', seconds: 2 });
  });

  it('does not list as undone what it has made again', () => {
    const entries = journal(
      ...[begun, step('step.started', 'stage'), step('step.finished', 'stage'), step('step.started', 'bake'), failed],
      { type: 'undo.failed', step: 'bake', error: { code: 'x', message: 'refused' } },
      ...[step('undo.finished', 'stage'), { type: 'run.reopened' }],
      ...[step('step.started', 'stage'), step('step.finished', 'stage')],
      ...[step('step.started', 'bake'), step('step.finished', 'bake')],
      { type: 'run.finished', outcome: 'done', leftovers: [] },
    );
    expect(detailsOf({ ...ended, outcome: 'done' }, entries)).toMatchObject({ undone: [], notUndone: [] });
  });
});

describe('a run without an end', () => {
  const entries = [null, ...journal(begun, step('step.started', 'stage'), { type: 'of the future', step: 'stage' })];

  it('is active while it holds the lock, and its step is running', () => {
    const lock = { run: id } as LockRecord;
    expect(detailsOf({}, entries, { lock })).toMatchObject({ active: true, outcome: null, version: 'v7', error: null });
    expect(detailsOf({}, entries, { lock }).steps[0]?.status).toBe('running');
  });

  it('has crashed without it, and its step is unfinished', () => {
    expect(detailsOf({}, entries)).toMatchObject({ active: false, steps: [{ status: 'unfinished' }, {}, {}, {}] });
  });
});

it('a rollback has ref, subject and author of the release that it went to', () => {
  const release = { commit: 'd'.repeat(40), ref: 'v1-tag', subject: 'Old', author: 'Bob' } as ReleaseRecord;
  const run = detailsOf({ ...ended, operation: 'fast-rollback', version: 'v1' }, [], { release });
  expect(run).toMatchObject({
    commit: release.commit,
    ref: 'v1-tag',
    subject: 'Old',
    author: 'Bob',
    steps: record.steps,
  });
});

describe('the id of a run', () => {
  const all = ['20260102T000000-abcd', '20260101T000001-abcd', '20260101T000000-abcd'];
  const find = (text: string) =>
    findRunId(
      { runIds: async (_app, prefix) => all.filter((one) => one.startsWith(prefix)) },
      { app: 'api', environment: 'production' },
      text,
    );

  it('may be abbreviated to what only one run begins with', async () => {
    expect(await find('20260102')).toBe(all[0]);
    expect(await find('20260101T000000-abcd')).toBe(all[2]);
  });

  it('is refused when no run or several begin with it, naming them', async () => {
    await expect(find('20260101')).rejects.toMatchObject({
      ...{ code: 'run.ambiguous', outcome: 'usage' },
      message: '"20260101" is the beginning of 2 runs: 20260101T000001-abcd, 20260101T000000-abcd',
    });
    for (const text of ['', '../x', '2027']) {
      await expect(find(text)).rejects.toMatchObject({
        ...{ code: 'run.unknown', outcome: 'usage', fix: 'pipeline history api' },
        message: `api in production has no run "${text}"`,
      });
    }
  });
});

describe('what a run shows of commands of the team', () => {
  const tail = `${Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\n')}\n`;
  const change = { type: 'change.intent', step: 'migrate', action: 'migrate', target: 'i-1', token: 't', data: {} };
  const entries = journal(...[begun, step('step.started', 'migrate'), { ...change, undoing: false }], {
    type: 'change.outcome',
    intent: 3,
    ok: true,
    result: { state: 'ended', exit: 3, tail },
  });

  it('is the output of its migration and how that ended, in a table its last lines', () => {
    const details = detailsOf(ended, entries);
    expect(details.migration).toEqual({ instance: 'i-1', exit: 3, output: tail });
    const text = renderRun({ ...details, url: null, exitCode: 3 }, colorsFor(false));
    expect(text).toContain('migration on i-1, last 20 of 30 lines:\n  line 10\n');
    expect(text).toContain('  line 29\n');
    expect(text).not.toContain('line 9\n');
  });

  it('is nothing where its migration has not ended, or where it has none', () => {
    expect(detailsOf(ended, entries.slice(0, 3)).migration).toBeNull();
    expect(detailsOf(ended, journal(begun))).toMatchObject({ migration: null, warnings: [] });
  });

  it('is what failed without changing the outcome', () => {
    const details = detailsOf({ ...ended, warnings: ['on-failure: no'] }, entries);
    expect(renderRun({ ...details, url: null, exitCode: 3 }, colorsFor(false))).toContain(
      'warnings:\n  on-failure: no',
    );
  });
});
