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

async function run(steps: Step<object, object>[], signal = new AbortController().signal, entries: unknown[] = []) {
  const plan = await createPlan({
    operation: 'test',
    app: 'api',
    environment: 'local',
    steps,
    initial: {},
    services: {},
    clock,
  });
  return execute(plan, {
    services: {},
    clock,
    sink: () => undefined,
    journal: {
      appendJournal: async (_run, _sequence, entry) => void entries.push(entry),
      journal: async () => [...entries],
    },
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

it('a run that is continued after its commit makes neither what was undone nor what was skipped before it', async () => {
  const made: string[] = [];
  const makes = (id: string, facts: Partial<Step<object, object>> = {}) =>
    step(id, {
      run: async (context) => {
        made.push(id);
        await context.change({ action: 'make', target: id }, async () => undefined);
      },
      ...facts,
    });
  let broken = true;
  const steps = [
    makes('a', { endedBy: 'd' }),
    makes('b', { skip: async () => (broken ? 'nothing runs yet' : undefined) }),
    makes('c', { commits: true }),
    makes('d', { run: async () => (broken ? Promise.reject(new Error('broken')) : undefined) }),
    makes('e'),
  ];
  const entries: unknown[] = [];
  expect((await run(steps, undefined, entries)).outcome).toBe('manual-intervention');
  expect([made, undone]).toEqual([['a', 'c'], ['a']]);
  broken = false;
  entries.push({ type: 'run.reopened', sequence: entries.length + 1, at: 0 });
  expect((await run(steps, undefined, entries)).outcome).toBe('done');
  expect([made, undone]).toEqual([['a', 'c', 'e'], ['a']]);
});

it('an undo that is continued does not repeat what it has done', async () => {
  let broken = true;
  const stuck = step('a', {
    undo: async () => {
      undone.push('a');
      if (broken) throw new Error('stuck');
    },
  });
  const failing = step('c', { run: () => Promise.reject(new Error('broken')) });
  const entries: unknown[] = [];
  expect((await run([stuck, step('b'), failing], undefined, entries)).outcome).toBe('manual-intervention');
  broken = false;
  entries.push({ type: 'run.reopened', sequence: entries.length + 1, at: 0 });
  const signal = AbortSignal.abort(new Error('undo'));
  expect(await run([stuck, step('b'), failing], signal, entries)).toMatchObject({
    outcome: 'interrupted',
    leftovers: [],
  });
  expect(undone).toEqual(['b', 'a', 'a']);
});
