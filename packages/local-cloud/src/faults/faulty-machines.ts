import type { MachineDriver, MachineSpec } from '../machines/driver.ts';
import { fitsMachine, type Records } from './match.ts';
import type { FaultRegistry } from './registry.ts';
import type { FaultRule } from './rule.ts';

/** Any driver's machines, which fail as the registry has it. */
export class FaultyMachines implements MachineDriver {
  readonly kind: MachineDriver['kind'];
  readonly concurrentBoots: MachineDriver['concurrentBoots'];
  readonly #inner: MachineDriver;
  readonly #registry: FaultRegistry;
  readonly #records: Records;
  readonly #on = new Set<string>();
  readonly #listeners: ((instanceId: string, reason: string) => void)[] = [];

  constructor(inner: MachineDriver, registry: FaultRegistry, records: Records) {
    this.kind = inner.kind;
    this.concurrentBoots = inner.concurrentBoots;
    this.#inner = inner;
    this.#registry = registry;
    this.#records = records;
    inner.onExit((instanceId, reason) => this.#exited(instanceId, reason));
  }

  create(spec: MachineSpec): Promise<void> {
    return this.#inner.create(spec);
  }

  async boot(spec: MachineSpec): Promise<void> {
    const fits = (rule: FaultRule) => fitsMachine(rule, this.#records, spec.instanceId);
    const lost = this.#registry.inForce('zone-lost').find(fits);
    if (lost) throw new Error(`the Availability Zone ${lost.zone} is lost (fault ${lost.id})`);
    const dead = this.#registry.strike('boot-dead', fits);
    if (dead) throw new Error(dead.message ?? `The machine died at its boot (fault ${dead.id})`);
    await this.#inner.boot(spec);
    this.#on.add(spec.instanceId);
  }

  async shutdown(instanceId: string, graceMs: number): Promise<void> {
    this.#on.delete(instanceId);
    await this.#inner.shutdown(instanceId, graceMs);
  }

  destroy(instanceId: string): Promise<void> {
    return this.#inner.destroy(instanceId);
  }

  snapshot(instanceId: string, imageId: string): Promise<number> {
    return this.#inner.snapshot(instanceId, imageId);
  }

  deleteImage(imageId: string): Promise<void> {
    return this.#inner.deleteImage(imageId);
  }

  consoleOutput(instanceId: string): Promise<string> {
    return this.#inner.consoleOutput(instanceId);
  }

  /** How many processes were killed. */
  async killServices(instanceId: string): Promise<number> {
    return (await this.#inner.killServices?.(instanceId)) ?? 0;
  }

  /** Whether the machines have processes at all. */
  get hasServices(): boolean {
    return this.#inner.killServices !== undefined;
  }

  onExit(listener: (instanceId: string, reason: string) => void): void {
    this.#listeners.push(listener);
  }

  close(): Promise<void> {
    this.#on.clear();
    return this.#inner.close();
  }

  /** Ends a machine at once, as the loss of its power would. One that boots sees its boot fail. */
  async kill(instanceId: string, reason: string): Promise<void> {
    const ran = this.#on.delete(instanceId);
    // For the driver this is an end that was wanted, so it tells nobody.
    await this.#inner.shutdown(instanceId, 0);
    if (ran) for (const listener of this.#listeners) listener(instanceId, reason);
  }

  #exited(instanceId: string, reason: string): void {
    this.#on.delete(instanceId);
    for (const listener of this.#listeners) listener(instanceId, reason);
  }
}
