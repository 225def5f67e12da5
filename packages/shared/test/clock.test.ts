import { describe, expect, it } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { ManualClock } from './support/manual-clock.ts';

describe.each([
  ['systemClock', () => systemClock(1000)],
  ['ManualClock', () => new ManualClock()],
])('%s', (_name, create) => {
  it('sleeps, unless the signal aborts first', async () => {
    const clock = create();
    const start = clock.now();
    const slept = clock.sleep(5000);
    if (clock instanceof ManualClock) await clock.advance(5000);
    await slept;
    expect(clock.now() - start).toBeGreaterThanOrEqual(4000);
    const controller = new AbortController();
    const cut = clock.sleep(1e9, controller.signal);
    controller.abort(new Error('stop'));
    await expect(cut).rejects.toThrow('stop');
    await expect(clock.sleep(1, controller.signal)).rejects.toThrow('stop');
  });

  it('calls once, and not after a cancel', async () => {
    const clock = create();
    const calls: string[] = [];
    clock.after(1000, () => calls.push('kept'));
    clock.after(500, () => calls.push('canceled')).cancel();
    const waited = clock.sleep(3000);
    if (clock instanceof ManualClock) await clock.advance(3000);
    await waited;
    expect(calls).toEqual(['kept']);
  });
});
