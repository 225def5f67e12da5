import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MachineDriver, MachineSpec } from '../../src/machines/driver.ts';

/** A driver under test, with what only its own kind can do. */
export interface DriverHarness {
  driver: MachineDriver;
  /** A machine of the base image, another at each call. */
  spec(): MachineSpec;
  /** Lets time pass, if it must be helped, until the promise settles. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** Ends a machine from outside. */
  kill(spec: MachineSpec): Promise<void>;
  close(): Promise<void>;
}

/** What every driver must do alike. */
export function describeDriver(name: string, open: () => Promise<DriverHarness>): void {
  describe(`${name} as a machine driver`, () => {
    let harness: DriverHarness;
    const exits: string[] = [];
    beforeEach(async () => {
      harness = await open();
      exits.length = 0;
      harness.driver.onExit((instanceId) => exits.push(instanceId));
    });
    afterEach(() => harness.close());

    const launch = async (changes: Partial<MachineSpec> = {}) => {
      const spec = { ...harness.spec(), ...changes };
      await harness.settle(harness.driver.create(spec));
      await harness.settle(harness.driver.boot(spec));
      return spec;
    };

    it('shows the host keys on the console, and stops without calling it an exit', async () => {
      const spec = await launch();
      const console = await harness.driver.consoleOutput(spec.instanceId);
      expect(console).toMatch(
        /-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 AAAA\S+ root@\S+\n-----END SSH HOST KEY KEYS-----/,
      );
      await harness.settle(harness.driver.shutdown(spec.instanceId, 2000));
      await harness.settle(harness.driver.destroy(spec.instanceId));
      expect(exits).toEqual([]);
      expect(await harness.driver.consoleOutput(spec.instanceId)).toBe('');
    });

    it('boots a machine again after a stop', async () => {
      const spec = await launch();
      await harness.settle(harness.driver.shutdown(spec.instanceId, 2000));
      await harness.settle(harness.driver.boot(spec));
      await expect(harness.settle(harness.driver.boot(spec))).rejects.toThrow('runs already');
    });

    it('refuses what does not exist or is in use', async () => {
      const { driver } = harness;
      const spec = harness.spec();
      await expect(driver.create({ ...spec, imageId: 'ami-none' })).rejects.toThrow('ami-none has no data');
      await expect(driver.boot(spec)).rejects.toThrow('no disk');
      await expect(driver.snapshot(spec.instanceId, 'ami-new')).rejects.toThrow('no disk');
      const running = await launch();
      await expect(driver.destroy(running.instanceId)).rejects.toThrow('runs');
      await expect(harness.settle(driver.create(running))).rejects.toThrow('has a disk already');
    });

    it('does nothing for what is gone already', async () => {
      const { instanceId } = harness.spec();
      await harness.settle(harness.driver.shutdown(instanceId, 1000));
      await harness.settle(harness.driver.destroy(instanceId));
      await harness.settle(harness.driver.deleteImage('ami-none'));
    });

    it('makes an image of a running machine, launches from it, and no longer once it is deleted', async () => {
      const spec = await launch();
      const bytes = await harness.settle(harness.driver.snapshot(spec.instanceId, 'ami-made'));
      expect(bytes).toBeGreaterThan(10_000);
      await expect(harness.settle(harness.driver.snapshot(spec.instanceId, 'ami-made'))).rejects.toThrow('exists');
      await launch({ imageId: 'ami-made' });
      await harness.settle(harness.driver.deleteImage('ami-made'));
      await expect(launch({ imageId: 'ami-made' })).rejects.toThrow('no data');
    });

    it('reports a machine that ends on its own, once, and can boot it again', async () => {
      const spec = await launch();
      const other = await launch();
      const exited = new Promise((resolve) => harness.driver.onExit((id) => resolve(id)));
      await harness.kill(spec);
      expect(await exited).toBe(spec.instanceId);
      expect(exits).toEqual([spec.instanceId]);
      await harness.settle(harness.driver.boot(spec));
      await harness.settle(harness.driver.shutdown(other.instanceId, 2000));
      expect(exits).toEqual([spec.instanceId]);
    });

    it('ends a machine that is still booting', async () => {
      const spec = harness.spec();
      await harness.settle(harness.driver.create(spec));
      const booting = harness.driver.boot(spec);
      const outcome = expect(booting).rejects.toThrow();
      await harness.settle(harness.driver.shutdown(spec.instanceId, 2000));
      await outcome;
      expect(exits).toEqual([]);
      await harness.settle(harness.driver.destroy(spec.instanceId));
    });

    it('ends everything at close, which is not an exit', async () => {
      await launch();
      await launch();
      await harness.settle(harness.driver.close());
      expect(exits).toEqual([]);
    });
  });
}
