import { expect, it } from 'vitest';
import { withSecondAttempt } from '../../src/rollback/second-attempt.ts';
import { instantClock } from '../support/instant-clock.ts';

/** Work that fails a number of times. */
function failing(times: number, error: Error, signal = new AbortController().signal) {
  const notes: string[] = [];
  let attempts = 0;
  const work = async () => {
    attempts++;
    if (attempts <= times) throw error;
  };
  const made = withSecondAttempt(
    { clock: instantClock(), signal, note: (line: string) => void notes.push(line) },
    work,
  );
  return { made, notes, attempts: () => attempts };
}

it('work whose call failed once is done by the second attempt, with a note', async () => {
  const { made, notes, attempts } = failing(1, new Error('ServiceUnavailable'));
  await made;
  expect(attempts()).toBe(2);
  expect(notes).toEqual(['ServiceUnavailable; trying once more']);
});

it('work whose call fails twice throws the second error', async () => {
  const { made, attempts } = failing(2, new Error('AccessDenied'));
  await expect(made).rejects.toThrow('AccessDenied');
  expect(attempts()).toBe(2);
});

it('nothing is attempted again once the run was interrupted', async () => {
  const stopped = failing(1, new Error('aborted'), AbortSignal.abort());
  await expect(stopped.made).rejects.toThrow('aborted');
  expect(stopped.attempts()).toBe(1);
});
