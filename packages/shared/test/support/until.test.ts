import { expect, it } from 'vitest';
import { until } from './until.ts';

it('gives what was read as soon as it fits', async () => {
  let size = 0;
  expect(
    await until(
      () => ++size,
      (n) => n === 3,
    ),
  ).toBe(3);
  await until(() => ++size === 6);
  expect(size).toBe(6);
});

it('says where, what it waited for, and what it saw last', async () => {
  const members = () => [{ id: 'i-1', state: 'Pending' }];
  const waited = until(members, (all) => all.length === 2, { seconds: 0 });
  const error = await waited.catch((thrown: Error) => thrown);
  expect(error).toMatchObject({
    message: expect.stringMatching(
      /^not so within 0 s: \(all\) => all\.length === 2 of .*i-1.*; seen last: \[ \{ id: 'i-1', state: 'Pending' \} \]$/,
    ),
    stack: expect.stringContaining('until.test.ts'),
  });
  await expect(until(() => false, Boolean, { seconds: 0, what: 'rain' })).rejects.toThrow(/: rain; seen last: false$/);
});

it('does what is to come between two looks, and lets a failure of the look through', async () => {
  let time = 0;
  const pause = async () => {
    time += 250;
  };
  await until(() => time >= 1000, Boolean, { pause });
  expect(time).toBe(1000);
  await expect(until(() => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
});
