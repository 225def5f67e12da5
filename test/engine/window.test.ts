import { expect, it } from 'vitest';
import { replay } from '../../src/engine/journal.ts';
import { bench, changing } from './support/bench.ts';

it('a window is reported with its end, kept in the journal for those who follow the run, and changes no facts', async () => {
  const { run, events, entries } = bench();
  const result = await run([
    changing([], 'verify', {
      async run({ save, window }) {
        await save({ found: 'i-1' });
        await window('watching', 60);
      },
    }),
  ]);
  const [progress] = events.filter((event) => event.code === 'step.progress');
  const endsAt = (progress?.at ?? 0) + 60_000;
  expect(progress).toMatchObject({ step: 'verify', message: 'watching', endsAt });
  expect(entries()).toContainEqual(
    expect.objectContaining({ type: 'state.saved', facts: {}, window: { message: 'watching', endsAt } }),
  );
  expect(result).toMatchObject({ outcome: 'done', state: { found: 'i-1' } });
  expect(replay(entries()).state).toEqual({ found: 'i-1' });
});
