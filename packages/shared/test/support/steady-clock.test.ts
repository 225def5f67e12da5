import { expect, it } from 'vitest';
import { steadyClock } from './steady-clock.ts';

it('runs faster than the host, and stands while the process does not get on', async () => {
  const clock = steadyClock(100);
  const began = clock.now();
  await clock.sleep(3_000);
  expect(clock.now() - began).toBeGreaterThanOrEqual(3_000);

  const before = clock.now();
  let fired = false;
  const timer = clock.after(20_000, () => {
    fired = true;
  });
  // Half a second of the host is 50 seconds of this clock, were it counted.
  const until = performance.now() + 500;
  while (performance.now() < until);
  expect(clock.now() - before).toBeLessThan(10_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(fired).toBe(false);
  timer.cancel();
});
