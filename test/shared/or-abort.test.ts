import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { orAbort } from '../../src/shared/or-abort.ts';

const never = new Promise<never>(() => undefined);

it('work whose answer does not come ends with the reason of the signal', async () => {
  const stop = new AbortController();
  const waiting = orAbort(never, stop.signal);
  stop.abort(new Error('Ctrl-C'));
  await expect(waiting).rejects.toThrow('Ctrl-C');
  await expect(orAbort(never, stop.signal)).rejects.toThrow('Ctrl-C');
});

it('work that ends first gives its own end, and leaves no listener', async () => {
  const { signal } = new AbortController();
  expect(await orAbort(Promise.resolve(7), signal)).toBe(7);
  await expect(orAbort(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('work that fails after the signal is not an error of its own', async () => {
  const stop = new AbortController();
  let fail = (_: Error) => {};
  const late = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const waiting = orAbort(late, stop.signal);
  stop.abort(new Error('Ctrl-C'));
  fail(new Error('too late'));
  await expect(waiting).rejects.toThrow('Ctrl-C');
});
