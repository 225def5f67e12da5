import { PipelineError } from '@golden-pipeline/shared/errors';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { beforeEach, expect, it } from 'vitest';
import type { Connection } from '../../src/engine/connection.ts';
import { execute } from '../../src/engine/execute.ts';
import { createPlan } from '../../src/engine/plan.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { RunContext, Step } from '../../src/engine/step.ts';

const clock = new ManualClock();
let made: string[] = [];
let undone: string[] = [];
/** Types of the journal's entries. */
let written: string[] = [];
beforeEach(() => {
  made = [];
  undone = [];
});

const change = (id: string, { change }: RunContext<object, object>) =>
  change({ action: 'make', target: id }, async () => void made.push(id));

const step = (id: string, facts: Partial<Step<object, object>> = {}): Step<object, object> => ({
  id,
  title: `Title of ${id}`,
  describe: () => [],
  run: (context) => change(id, context),
  undo: async () => void undone.push(id),
  ...facts,
});

const whole = (id: string, facts: Partial<Step<object, object>> = {}) =>
  step(id, { complete: (context) => change(`rest of ${id}`, context), undo: undefined, ...facts });

async function run(steps: Step<object, object>[], interrupt = new AbortController(), connection?: Connection) {
  written = [];
  const common = { operation: 'test', app: 'api', environment: 'local' };
  const plan = await createPlan({ ...common, steps, initial: {}, services: {}, clock });
  return execute(plan, {
    services: {},
    clock,
    sink: () => undefined,
    journal: {
      appendJournal: async (_run, _sequence, entry) => void written.push((entry as { type: string }).type),
      journal: async () => [],
    },
    connection,
    runId: createRunId(clock),
    signal: interrupt.signal,
  });
}

/** Two steps, of which the second commits and is interrupted. */
function interruptedAt(interrupt: AbortController) {
  return [step('a'), step('b', { commits: true, run: async () => interrupt.abort(new Error('Ctrl-C')) })];
}

it('a run that is interrupted after its commit completes what it has committed, and undoes only what has no completion', async () => {
  const interrupt = new AbortController();
  const result = await run([...interruptedAt(interrupt), whole('c'), step('d')], interrupt);
  expect(made).toEqual(['a', 'rest of c']);
  expect(undone).toEqual([]);
  expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
});

it('what cannot be completed is reported by its title, and the next completion is made all the same', async () => {
  const interrupt = new AbortController();
  const broken = whole('c', { complete: () => Promise.reject(new Error('refused')) });
  const result = await run([...interruptedAt(interrupt), broken, whole('d')], interrupt);
  expect(made).toEqual(['a', 'rest of d']);
  expect(result).toMatchObject({
    outcome: 'manual-intervention',
    leftovers: ['Title of c: refused; pipeline abort api tries it again'],
  });
  expect(written.filter((type) => type.startsWith('completion.'))).toEqual(['completion.failed']);
});

it('without a connection the completion stops, and the run stays open for an abort', async () => {
  const interrupt = new AbortController();
  const connection = { abandoned: 0, outageMs: 0, attend: () => () => undefined, confirm: async () => undefined };
  const cut = whole('c', {
    complete: async () => {
      connection.abandoned++;
      throw new PipelineError('connection.lost', 'no connection to AWS', { fix: 'check the network' });
    },
  });
  const steps = [...interruptedAt(interrupt), cut, whole('d')];
  const result = await run(steps, interrupt, connection as unknown as Connection);
  expect(made).toEqual(['a']);
  expect(result).toMatchObject({
    outcome: 'manual-intervention',
    unfinished: true,
    leftovers: [
      'Title of c: no connection to AWS; fix: check the network',
      'there was no connection to complete this and the steps after it; once there is one: pipeline abort api',
    ],
  });
  expect(written).not.toContain('run.finished');
});

it('a step that fails behind the commit is completed, not undone, and named as not finished', async () => {
  const failing = whole('c', { run: () => Promise.reject(new Error('refused once')) });
  const result = await run([step('a'), step('b', { commits: true }), failing, step('d')]);
  expect(made).toEqual(['a', 'b', 'rest of c']);
  expect(result.leftovers).toEqual(['the changes up to "Title of b" are kept; not finished: Title of c']);
});

it('nothing is completed while nothing is committed, nor what is done', async () => {
  const failing = step('d', { run: () => Promise.reject(new Error('broken')) });
  await run([step('a'), whole('b'), whole('c'), failing]);
  expect(made).toEqual(['a', 'b', 'c']);
  expect(undone).toEqual(['a']);
  made = [];
  await run([step('a', { commits: true }), whole('b'), failing]);
  expect(made).toEqual(['a', 'b']);
});
