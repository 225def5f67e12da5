import { expect, it } from 'vitest';
import { execute } from '../../src/run/execute.ts';
import { createPlan } from '../../src/run/plan.ts';
import { createRunId } from '../../src/run/run-id.ts';
import type { Step } from '../../src/run/step.ts';
import { ManualClock } from '../support/manual-clock.ts';

const clock = new ManualClock();
const undone: string[] = [];

/** A step that makes one change. */
const step = (id: string, facts: Partial<Step<object, object>> = {}): Step<object, object> => ({
  id,
  title: `Title of ${id}`,
  describe: () => [],
  run: async (context) => context.change({ action: 'make', target: id }, async () => undefined),
  undo: async () => void undone.push(id),
  ...facts,
});

it('undoes only what comes after a step that commits, and says what stands', async () => {
  const failing = step('c', {
    run: async (context) => {
      await context.change({ action: 'make', target: 'c' }, async () => undefined);
      throw new Error('broken');
    },
  });
  const plan = await createPlan({
    operation: 'test',
    app: 'api',
    environment: 'local',
    steps: [step('a'), step('b', { commits: true }), failing],
    initial: {},
    services: {},
    clock,
  });
  const entries: unknown[] = [];
  const result = await execute(plan, {
    services: {},
    clock,
    sink: () => undefined,
    journal: { appendJournal: async (_run, _sequence, entry) => void entries.push(entry), journal: async () => [] },
    runId: createRunId(clock),
    signal: new AbortController().signal,
  });
  expect(undone).toEqual(['c']);
  expect(result.outcome).toBe('needs-person');
  expect(result.left).toEqual(['what "Title of b" ended stands; not finished: Title of c']);
  expect(result.steps.map(({ status }) => status)).toEqual(['done', 'done', 'failed']);
});
