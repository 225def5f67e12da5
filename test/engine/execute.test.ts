import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/engine/journal.ts';
import type { Step } from '../../src/engine/step.ts';
import { bench, changing, type Facts } from './support/bench.ts';

describe('execute', () => {
  it('runs the steps in order, keeps facts, and emits an event for each part', async () => {
    const { run, log, codes, entries } = bench();
    const result = await run([
      changing(log, 'one', {
        async run({ save }) {
          await save({ found: 'i-1' });
        },
      }),
      changing(log, 'two', {
        async run({ state }) {
          log.push(`saw ${state.found}`);
        },
      }),
    ]);
    expect(result).toMatchObject({ outcome: 'done', leftovers: [], state: { found: 'i-1' } });
    expect(result).not.toHaveProperty('error');
    expect(result.steps).toEqual([
      { id: 'one', title: 'Step one', status: 'done', seconds: 0 },
      { id: 'two', title: 'Step two', status: 'done', seconds: 0 },
    ]);
    expect(log).toEqual(['change one', 'change two', 'saw i-1']);
    expect(codes()).toEqual([
      'run.started',
      'step.started',
      'change.intent',
      'change.outcome',
      'step.finished',
      'step.started',
      'change.intent',
      'change.outcome',
      'step.finished',
      'run.finished',
    ]);
    expect(entries().map((entry) => entry.sequence)).toEqual(entries().map((_, index) => index + 1));
  });

  it('undoes in exact reverse order from the step that failed halfway: rolled back', async () => {
    const { run, log } = bench();
    const result = await run([
      changing(log, 'one'),
      changing(log, 'two'),
      changing(log, 'three', {
        async run() {
          throw new PipelineError('bake.failed', 'no space');
        },
      }),
      changing(log, 'four'),
    ]);
    expect(log).toEqual(['change one', 'change two', 'change three', 'undo three', 'undo two', 'undo one']);
    expect(result.outcome).toBe('rolled-back');
    expect(result.error).toMatchObject({ code: 'bake.failed' });
    expect(result.steps.map((step) => step.status)).toEqual(['undone', 'undone', 'failed', 'pending']);
  });

  it('continues to undo when one undo fails, and reports what remains', async () => {
    const { run, log, events } = bench();
    const result = await run([
      changing(log, 'one'),
      changing(log, 'two', {
        async undo() {
          throw new PipelineError('host.left', 'i-2 is still in standby', { fix: 'terminate it' });
        },
      }),
      changing(log, 'three', {
        async run() {
          throw new Error('boom');
        },
      }),
    ]);
    expect(log.slice(3)).toEqual(['undo three', 'undo one']);
    expect(result).toMatchObject({
      outcome: 'manual-intervention',
      leftovers: ['Step two: i-2 is still in standby; fix: terminate it'],
    });
    expect(result.steps.map((step) => step.status)).toEqual(['undone', 'done', 'failed']);
    expect(events.at(-1)).toMatchObject({
      code: 'run.finished',
      outcome: 'manual-intervention',
      leftovers: result.leftovers,
    });
  });

  it.each([
    ['failed', new Error('no answer')],
    ['usage', usageError('git.unknown-ref', 'no such ref')],
    ['locked', new PipelineError('lock.held', 'locked', { outcome: 'locked' })],
  ] as const)('ends as %s when nothing was to be changed, and undoes nothing', async (outcome, error) => {
    const { run, log } = bench();
    const undone: Step<unknown, Facts> = {
      id: 'look',
      title: 'Look',
      describe: () => [],
      run: () => Promise.reject(error),
      undo: async () => void log.push('undo'),
    };
    expect(await run([undone])).toMatchObject({ outcome, error, leftovers: [] });
    expect(log).toEqual([]);
  });

  it('ends as rolled-back, not usage, once something was changed', async () => {
    const { run, log } = bench();
    const result = await run([
      changing(log, 'one'),
      changing(log, 'two', { run: () => Promise.reject(usageError('x', 'late')) }),
    ]);
    expect(result.outcome).toBe('rolled-back');
  });

  it('undoes after Ctrl-C, with a signal that is still open, and ends as interrupted', async () => {
    const clock = new ManualClock();
    const { run, log, interrupt } = bench({ clock });
    const running = run([
      changing(log, 'one', {
        async undo({ signal, poll }) {
          expect(signal.aborted).toBe(false);
          await poll({ what: 'x', read: async () => 1, until: () => true, everyMs: 1, timeoutMs: 1 });
          log.push('undo one');
        },
      }),
      changing(log, 'two', {
        run: ({ poll }) =>
          poll({ what: 'never', read: async () => 0, until: () => false, everyMs: 1000, timeoutMs: 1e6 }).then(
            () => undefined,
          ),
      }),
    ]);
    await clock.advance(2500);
    interrupt.abort(new PipelineError('run.interrupted', 'interrupted by Ctrl-C', { outcome: 'interrupted' }));
    const result = await running;
    expect(result).toMatchObject({ outcome: 'interrupted', error: { code: 'run.interrupted' } });
    expect(log).toEqual(['change one', 'change two', 'undo two', 'undo one']);
    expect(result.steps[1]?.seconds).toBe(2.5);
  });

  it('starts no change after Ctrl-C', async () => {
    const { run, log, interrupt } = bench();
    const result = await run([
      changing(log, 'one', {
        async run({ change }) {
          interrupt.abort();
          await change({ action: 'launch', target: 'i-9' }, async () => void log.push('too late'));
        },
      }),
      changing(log, 'two'),
    ]);
    expect(log).toEqual(['change one', 'undo one']);
    expect(result.outcome).toBe('interrupted');
  });

  it('waits for concurrent changes before it undoes them', async () => {
    const { run, log } = bench();
    let finish = () => {};
    const result = run([
      changing(log, 'one', {
        async run({ change }) {
          const slow = change(
            { action: 'slow', target: 'b' },
            () =>
              new Promise<void>((resolve) => {
                finish = () => {
                  log.push('slow ended');
                  resolve();
                };
              }),
          );
          await Promise.all([slow, Promise.reject(new Error('other failed'))]);
        },
      }),
    ]);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(['change one']);
    finish();
    expect((await result).outcome).toBe('rolled-back');
    expect(log).toEqual(['change one', 'slow ended', 'undo one']);
  });

  it('refuses a change of a step that has finished', async () => {
    const { run, log } = bench();
    let late: () => Promise<unknown> = async () => undefined;
    await run([
      changing(log, 'one', {
        async run({ change }) {
          late = () => change({ action: 'x', target: 'y' }, async () => 1);
        },
      }),
    ]);
    await expect(late()).rejects.toThrow('has ended');
  });

  it('changes and undoes nothing more once the lock is lost', async () => {
    const lost = new AbortController();
    const { run, log } = bench({ lost: lost.signal });
    const result = await run([
      changing(log, 'one'),
      changing(log, 'two', {
        async run() {
          lost.abort(new PipelineError('lock.lost', 'the lock was lost'));
        },
      }),
      changing(log, 'three'),
    ]);
    expect(log).toEqual(['change one', 'change two']);
    expect(result.outcome).toBe('manual-intervention');
    expect(result.leftovers.slice(1)).toEqual(['not undone: Step one', 'not undone: Step two']);
  });

  it('skips a step with the reason that it returns', async () => {
    const { run, log, events } = bench();
    const result = await run([changing(log, 'one', { skip: async () => 'already on v2' }), changing(log, 'two')]);
    expect(log).toEqual(['change two']);
    expect(result.steps.map((step) => step.status)).toEqual(['skipped', 'done']);
    expect(events).toContainEqual(expect.objectContaining({ code: 'step.skipped', reason: 'already on v2' }));
  });

  it('writes the intent before the change, and never a secret', async () => {
    const { run, log, entries, events } = bench();
    await run([
      changing(log, 'one', {
        async run({ change, save, note }) {
          await change(
            { action: 'create', target: 'key', data: { privateKey: 'SECRET-1', size: 3 } },
            async (token) => {
              expect(entries().at(-1)).toMatchObject({
                type: 'change.intent',
                action: 'create',
                token,
                data: { size: 3 },
              });
              return { password: 'SECRET-2', id: 'k-1' };
            },
          );
          await save({ found: 'postgres://me:SECRET-3@db/x', apiPassword: 'SECRET-4' } as never);
          note('db_password=SECRET-5');
        },
      }),
    ]);
    expect(JSON.stringify([entries(), events])).not.toContain('SECRET');
    const intents = entries().filter(
      (entry): entry is Extract<JournalEntry, { type: 'change.intent' }> => entry.type === 'change.intent',
    );
    for (const { token } of intents) expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(intents).not.toEqual([]);
  });

  it('does not make a change whose intent cannot be written', async () => {
    const { run, log, store } = bench();
    store.failFrom = 3;
    const result = await run([changing(log, 'one')]);
    expect(log).toEqual([]);
    expect(result).toMatchObject({ outcome: 'failed', error: { message: 'disk full' } });
  });

  it('undoes even when the journal can no longer be written', async () => {
    const { run, log, store, events } = bench();
    const result = await run([
      changing(log, 'one', {
        async undo({ change }) {
          await change({ action: 'put-back', target: 'one' }, async () => void log.push('undo one'));
        },
      }),
      changing(log, 'two', {
        async run() {
          store.failFrom = 1;
          throw new Error('boom');
        },
      }),
    ]);
    expect(log).toEqual(['change one', 'change two', 'undo two', 'undo one']);
    expect(result.outcome).toBe('rolled-back');
    expect(events).toContainEqual(
      expect.objectContaining({ code: 'step.note', message: 'the journal cannot be written: disk full' }),
    );
  });

  it('ignores an event reader that throws', async () => {
    const { run, log } = bench({
      sink: () => {
        throw new Error('terminal gone');
      },
    });
    expect((await run([changing(log, 'one')])).outcome).toBe('done');
  });

  it('continues where an earlier process stopped: same facts, same token for the change with an unknown result', async () => {
    const first = bench();
    const tokens: string[] = [];
    const steps = (log: string[], die: boolean): Step<unknown, Facts>[] => [
      changing(log, 'one', {
        async run({ save }) {
          await save({ found: 'i-1' });
        },
      }),
      changing(log, 'two', {
        async run({ change }) {
          await change({ action: 'bake', target: 'i-1' }, async (token) => {
            tokens.push(token);
            if (die) first.store.failFrom = 1;
            return 'ami-1';
          });
        },
      }),
    ];
    await first.run(steps([], true));
    // What a process that was killed there would have left: the intent, without an outcome.
    const cut = first.entries().findLastIndex((entry) => entry.type === 'change.intent') + 1;
    const second = bench({ entries: first.entries().slice(0, cut) });
    const log: string[] = [];
    const result = await second.run(steps(log, false));
    expect(result).toMatchObject({ outcome: 'done', state: { found: 'i-1' } });
    expect(log).toEqual(['change two']);
    expect(tokens[1]).toBe(tokens[0]);
    await expect(second.run(steps([], false))).rejects.toMatchObject({ code: 'run.ended' });
  });
});
