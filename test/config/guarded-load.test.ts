import { expect, test } from 'vitest';
import { guardedLoad } from '../../src/config/guarded-load.ts';

test('what the load gives is given, and what it throws is thrown', async () => {
  expect(await guardedLoad(async () => 7)).toBe(7);
  await expect(guardedLoad(() => Promise.reject('text'))).rejects.toBe('text');
});

test('process.exit throws while a file is loaded, and is itself again afterwards', async () => {
  const exit = process.exit;
  const loads = [0, 3, undefined].map((code) => guardedLoad(async () => process.exit(code)));
  const messages = (await Promise.allSettled(loads)).map((one) => (one as PromiseRejectedResult).reason.message);
  expect(messages).toEqual(
    ['0', '3', ''].map((code) => `it calls process.exit(${code}), and must not end the process`),
  );
  expect(process.exit).toBe(exit);
});

test('a load that never finishes ends after its limit, and leaves no listener', async () => {
  const before = process.listenerCount('beforeExit');
  await expect(guardedLoad(() => new Promise(() => undefined), 10)).rejects.toThrow('it has not finished after 0.01 s');
  expect(process.listenerCount('beforeExit')).toBe(before);
});
