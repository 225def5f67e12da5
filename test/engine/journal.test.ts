import fc from '@golden-pipeline/shared/testing/fast-check';
import { describe, expect, it } from 'vitest';
import { apply, emptyReplay, idempotencyToken, isEnded, type JournalEntry, replay } from '../../src/engine/journal.ts';
import type { Step } from '../../src/engine/step.ts';
import { bench, type Facts } from './support/bench.ts';

/** What a random step does. */
const plans = fc.array(
  fc.record({
    changes: fc.array(fc.record({ target: fc.constantFrom('a', 'b'), fails: fc.boolean() }), { maxLength: 3 }),
    saves: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
    fails: fc.boolean(),
    undoFails: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);

type Shape = typeof plans extends fc.Arbitrary<infer T> ? T : never;

function stepsOf(shape: Shape, undone: string[]): Step<unknown, Facts>[] {
  return shape.map((one, index) => ({
    id: `s${index}`,
    title: `s${index}`,
    describe: () => [],
    async run({ change, save }) {
      for (const { target, fails } of one.changes) {
        const made = change({ action: 'set', target }, async () => {
          if (fails) throw new Error('refused');
          return { target };
        });
        await made.catch(() => undefined);
      }
      await save({ found: one.saves });
      if (one.fails) throw new Error('failed');
    },
    async undo({ change }) {
      undone.push(`s${index}`);
      await change({ action: 'unset', target: 'a' }, async () => undefined);
      if (one.undoFails) throw new Error('left over');
    },
  }));
}

describe('the journal of any run', () => {
  it('can be replayed from every prefix, each intent has at most one outcome, undo is the exact reverse', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (shape) => {
        const undone: string[] = [];
        const { run, entries } = bench();
        const result = await run(stepsOf(shape, undone));
        const journal = entries();

        const grown = emptyReplay();
        for (const [index, entry] of journal.entries()) {
          apply(grown, entry);
          expect(replay(journal.slice(0, index + 1))).toEqual(grown);
        }
        expect(grown.state).toEqual(result.state);
        expect(grown.outcome).toBe(result.outcome);

        const outcomes = journal.flatMap((entry) => (entry.type === 'change.outcome' ? [entry.intent] : []));
        expect(new Set(outcomes).size).toBe(outcomes.length);
        expect([...grown.changes.values()].every(isEnded)).toBe(true);

        const failed = shape.findIndex((one) => one.fails);
        const begun = failed === -1 ? [] : shape.slice(0, failed + 1);
        const expected = begun.flatMap((one, index) => (one.changes.length > 0 ? [`s${index}`] : [])).reverse();
        expect(undone).toEqual(expected);
        const leftovers = begun.filter((one) => one.changes.length > 0 && one.undoFails).length;
        expect(result.leftovers).toHaveLength(leftovers);
        const anyChange = begun.some((one) => one.changes.length > 0);
        expect(result.outcome).toBe(
          failed === -1 ? 'done' : leftovers ? 'manual-intervention' : anyChange ? 'rolled-back' : 'failed',
        );
      }),
      { numRuns: 100 },
    );
  });

  it('never uses one token for two changes that both succeeded', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (shape) => {
        const { run, entries } = bench();
        await run(stepsOf(shape, []));
        const good = [...replay(entries()).changes.values()].filter((change) => change.error === undefined);
        expect(new Set(good.map((change) => change.token)).size).toBe(good.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe('replay', () => {
  const entry = (sequence: number, rest: object) => ({ sequence, at: 0, ...rest }) as JournalEntry;
  const intent = { type: 'change.intent', step: 's', action: 'a', target: 't', token: 'x', data: {}, undoing: false };

  it('refuses a gap, an outcome without an intent and a second outcome', () => {
    expect(() => replay([entry(2, intent)])).toThrow('journal entry 1 is missing');
    expect(() => replay([entry(1, { type: 'change.outcome', intent: 1, ok: true })])).toThrow('never begun');
    const ended = [entry(1, intent), entry(2, { type: 'change.outcome', intent: 1, ok: true })];
    expect(() => replay([...ended, entry(3, { type: 'change.outcome', intent: 1, ok: false, error: 'x' })])).toThrow(
      'second time',
    );
  });

  it('keeps a change without an outcome open', () => {
    const [change] = [...replay([entry(1, intent)]).changes.values()];
    expect(change && isEnded(change)).toBe(false);
  });

  it.each([
    ['without a schema', {}, 1],
    ['of another schema', { schema: 9 }, 9],
  ])('refuses a journal %s, and names both and what to do', (_, fields, found) => {
    const started = { type: 'run.started', run: 'run-1', operation: 'release', app: 'api', environment: 'local' };
    expect(() => replay([entry(1, { ...started, ...fields, state: {}, steps: [] })])).toThrow(
      expect.objectContaining({
        code: 'journal.schema',
        message: `the journal of run run-1 has schema ${found}, and this version of the pipeline reads schema 2`,
        fix: 'undo that run with the version of the pipeline that started it: pipeline abort api',
      }),
    );
  });

  it('clears facts', () => {
    const saved = [
      { type: 'state.saved', step: 's', facts: { a: 1, b: 2 } },
      { type: 'state.saved', step: 's', facts: {}, cleared: ['a'] },
    ];
    expect(replay(saved.map((one, index) => entry(index + 1, one))).state).toEqual({ b: 2 });
  });
});

describe('idempotencyToken', () => {
  it('depends on every part, and only on them', () => {
    const parts = ['run', 'step', 'action', 'target', 0] as const;
    const token = idempotencyToken(...parts);
    expect(idempotencyToken(...parts)).toBe(token);
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    const others = [
      idempotencyToken('run2', 'step', 'action', 'target', 0),
      idempotencyToken('run', 'step2', 'action', 'target', 0),
      idempotencyToken('run', 'step', 'action2', 'target', 0),
      idempotencyToken('run', 'step', 'action', 'target2', 0),
      idempotencyToken('run', 'step', 'action', 'target', 1),
      idempotencyToken('run', 'stepaction', '', 'target', 0),
    ];
    expect(new Set([token, ...others]).size).toBe(others.length + 1);
  });
});
