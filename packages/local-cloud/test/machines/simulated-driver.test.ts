import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { describe, expect, it } from 'vitest';
import type { MachineSpec } from '../../src/machines/driver.ts';
import { SimulatedDriver } from '../../src/machines/simulated-driver.ts';
import { describeDriver } from './driver-behaviour.ts';

const specOf = (n: number): MachineSpec => ({
  instanceId: `i-${n}`,
  imageId: 'ami-base',
  address: `127.77.16.${n}`,
  hostname: `ip-127-77-16-${n}`,
});

/** Moves the clock on in small steps until the promise settles. */
async function settle<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  watched.catch(() => undefined);
  await until(() => settled, Boolean, { pause: () => clock.advance(10) });
  return watched;
}

describeDriver('SimulatedDriver', async () => {
  const clock = new ManualClock();
  const driver = new SimulatedDriver({ clock, images: ['ami-base'] });
  let next = 1;
  return {
    driver,
    spec: () => specOf(next++),
    settle: (promise) => settle(clock, promise),
    kill: async (spec) => driver.kill(spec.instanceId),
    close: () => driver.close(),
  };
});

describe('SimulatedDriver', () => {
  it('takes the times of its model', async () => {
    const clock = new ManualClock();
    const times = { create: 100, boot: 20_000, shutdown: 5_000, snapshot: 60_000 };
    const driver = new SimulatedDriver({ clock, images: ['ami-base'], times });
    const took = async (promise: Promise<unknown>) => {
      const start = clock.now();
      await settle(clock, promise);
      return clock.now() - start;
    };
    expect(await took(driver.create(specOf(1)))).toBe(100);
    expect(driver.isRunning('i-1')).toBe(false);
    expect(await took(driver.boot(specOf(1)))).toBe(20_000);
    expect(driver.isRunning('i-1')).toBe(true);
    expect(await took(driver.snapshot('i-1', 'ami-2'))).toBe(60_000);
    expect(await took(driver.shutdown('i-1', 2_000))).toBe(2_000);
  });

  it('fails a step of an image until it is healed', async () => {
    const clock = new ManualClock();
    const driver = new SimulatedDriver({ clock, images: ['ami-base'] });
    driver.fail('ami-base', 'boot', 'Kernel panic');
    await settle(clock, driver.create(specOf(1)));
    await expect(settle(clock, driver.boot(specOf(1)))).rejects.toThrow('Kernel panic');
    driver.fail('ami-base', 'boot', undefined);
    await settle(clock, driver.boot(specOf(1)));
    driver.fail('ami-base', 'snapshot', 'No space left');
    await expect(settle(clock, driver.snapshot('i-1', 'ami-2'))).rejects.toThrow('No space left');
    driver.fail('ami-base', 'create', 'No space left');
    await expect(settle(clock, driver.create(specOf(2)))).rejects.toThrow('No space left');
    driver.fail('ami-base', 'create', undefined);
    await settle(clock, driver.create(specOf(2)));
  });
});
