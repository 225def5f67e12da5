import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { beforeEach, expect, it } from 'vitest';
import { execute } from '../../src/engine/execute.ts';
import { createPlan } from '../../src/engine/plan.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { Step } from '../../src/engine/step.ts';

const clock = new ManualClock();
let undone: string[] = [];
beforeEach(() => {
  undone = [];
});

/** A step that makes one change. */
const step = (id: string, facts: Partial<Step<object, object>> = {}): Step<object, object> => ({
  id,
  title: `Title of ${id}`,
  describe: () => [],
  run: async (context) => context.change({ action: 'make', target: id }, async () => undefined),
  undo: async () => void undone.push(id),
  ...facts,
});

async function run(steps: Step<object, object>[], signal = new AbortController().signal) {
  const plan = await createPlan({
    operation: 'test',
    app: 'api',
    environment: 'local',
    steps,
    initial: {},
    services: {},
    clock,
  });
  const entries: unknown[] = [];
  return execute(plan, {
    services: {},
    clock,
    sink: () => undefined,
    journal: { appendJournal: async (_run, _sequence, entry) => void entries.push(entry), journal: async () => [] },
    runId: createRunId(clock),
    signal: signal,
  });
}

it('an undo covers only what comes after a step that commits, and the rest is reported', async () => {
  const failing = step('c', {
    run: async (context) => {
      await context.change({ action: 'make', target: 'c' }, async () => undefined);
      throw new Error('broken');
    },
  });
  const result = await run([step('a'), step('b', { commits: true }), failing]);
  expect(undone).toEqual(['c']);
  expect(result.outcome).toBe('manual-intervention');
  expect(result.leftovers).toEqual(['the changes up to "Title of b" are kept; not finished: Title of c']);
  expect(result.steps.map(({ status }) => status)).toEqual(['done', 'done', 'failed']);
});

it('an undo covers what a later step should have ended, also before a step that commits', async () => {
  const broken = step('c', { run: () => Promise.reject(new Error('broken')) });
  const failed = await run([step('a', { endedBy: 'c' }), step('b', { commits: true }), broken, step('d')]);
  expect(undone).toEqual(['a']);
  expect(failed.leftovers).toEqual(['the changes up to "Title of b" are kept; not finished: the rest']);
  expect(failed.steps.map(({ status }) => status)).toEqual(['undone', 'done', 'failed', 'pending']);

  const interrupt = new AbortController();
  const last = step('b', { commits: true, run: async () => interrupt.abort(new Error('Ctrl-C')) });
  const interrupted = await run([step('a', { endedBy: 'c' }), last, step('c')], interrupt.signal);
  expect(undone).toEqual(['a', 'a']);
  expect(interrupted).toMatchObject({ outcome: 'interrupted', leftovers: [] });
});

it('an undo skips what has already been ended', async () => {
  const broken = step('d', { run: () => Promise.reject(new Error('broken')) });
  await run([step('a', { endedBy: 'c' }), step('b', { commits: true }), step('c'), broken]);
  expect(undone).toEqual(['c']);
});
