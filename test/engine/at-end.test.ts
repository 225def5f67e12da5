import { expect, it } from 'vitest';
import type { RunContext, Step } from '../../src/engine/step.ts';
import { bench, changing, type Facts } from './support/bench.ts';

type Context = RunContext<unknown, Facts>;

/** A step that keeps something for as long as the run lasts, and one after it. */
function steps(log: string[], last: (context: Context) => Promise<void> = async () => undefined) {
  const kept: Step<unknown, Facts> = {
    ...changing(log, 'first'),
    atEnd: (context) => context.change({ action: 'release', target: 'tag' }, async () => void log.push('at end')),
  };
  return [kept, changing(log, 'second', { run: last })];
}

const broken = async () => {
  throw new Error('broken');
};

it('what a step keeps for the run is removed by the last change of a run that is done', async () => {
  const { run, log, entries } = bench();
  expect((await run(steps(log))).outcome).toBe('done');
  expect(log).toEqual(['change first', 'change second', 'at end']);
  expect(entries().slice(-3)).toMatchObject([
    { type: 'change.intent', step: 'first', action: 'release' },
    { type: 'change.outcome', ok: true },
    { type: 'run.finished', outcome: 'done' },
  ]);
});

it('it is removed after the last undo of a run that failed or was interrupted', async () => {
  const failed = bench();
  expect((await failed.run(steps(failed.log, broken))).outcome).toBe('rolled-back');
  expect(failed.log.slice(-3)).toEqual(['undo second', 'undo first', 'at end']);
  const interrupted = bench();
  const all = steps(interrupted.log, async (context) => {
    interrupted.interrupt.abort(new Error('Ctrl-C'));
    context.signal.throwIfAborted();
  });
  expect((await interrupted.run(all)).outcome).toBe('interrupted');
  expect(interrupted.log.at(-1)).toBe('at end');
});

it('it stays after a run that requires manual intervention, and where the step has changed nothing', async () => {
  const { run, log } = bench();
  const [first, second] = steps(log, broken) as [Step<unknown, Facts>, Step<unknown, Facts>];
  expect((await run([first, { ...second, undo: broken }])).outcome).toBe('manual-intervention');
  expect(log).not.toContain('at end');
  const idle = bench();
  const [keeping] = steps(idle.log) as [Step<unknown, Facts>, Step<unknown, Facts>];
  expect((await idle.run([{ ...keeping, run: async () => undefined }])).outcome).toBe('done');
  expect(idle.log).toEqual([]);
});

it('a failure to remove it is noted, and the run is done all the same', async () => {
  const { run, log, events } = bench();
  const [first, second] = steps(log) as [Step<unknown, Facts>, Step<unknown, Facts>];
  expect((await run([{ ...first, atEnd: broken }, second])).outcome).toBe('done');
  expect(events).toContainEqual(expect.objectContaining({ code: 'step.note', step: 'first', message: 'broken' }));
});
