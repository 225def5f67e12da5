import { createHash } from 'node:crypto';
import type { Clock } from '@golden-pipeline/shared/clock';
import type { MachineDriver, MachineSpec } from './driver.ts';

/** How long simulated machines take, in milliseconds of the clock. */
export interface SimulatedTimes {
  create: number;
  boot: number;
  /** An orderly stop; never longer than the grace period. */
  shutdown: number;
  snapshot: number;
}

export type SimulatedStep = 'create' | 'boot' | 'snapshot';

interface SimulatedMachine {
  spec: MachineSpec;
  state: 'off' | 'booting' | 'running' | 'stopping';
  console: string;
  /** Ends the wait of a boot that is stopped half-way. */
  abort: AbortController;
}

/** Medians of the sandboxes, measured on a machine with 2 cores. */
const measured: SimulatedTimes = { create: 30, boot: 20, shutdown: 50, snapshot: 200 };

/** Bytes of a simulated disk. */
const diskBytes = 64 * 1024 * 1024;

/** Machines without processes: for fleets of hundreds and for tests on a clock of their own. */
export class SimulatedDriver implements MachineDriver {
  readonly kind = 'simulated';
  readonly concurrentBoots?: number;
  readonly #clock: Clock;
  readonly #times: SimulatedTimes;
  readonly #images: Set<string>;
  readonly #machines = new Map<string, SimulatedMachine>();
  readonly #failures = new Map<string, string>();
  readonly #listeners: ((instanceId: string, reason: string) => void)[] = [];

  /** @param options.images ids of the images that exist from the start */
  constructor(options: {
    clock: Clock;
    images?: string[];
    times?: Partial<SimulatedTimes>;
    concurrentBoots?: number;
  }) {
    this.concurrentBoots = options.concurrentBoots;
    this.#clock = options.clock;
    this.#images = new Set(options.images);
    this.#times = { ...measured, ...options.times };
  }

  /** From now on this step of machines of the image fails with `reason`; undefined heals it. */
  fail(imageId: string, step: SimulatedStep, reason: string | undefined): void {
    if (reason === undefined) this.#failures.delete(`${step} ${imageId}`);
    else this.#failures.set(`${step} ${imageId}`, reason);
  }

  /** The machine dies on its own, as by a kernel panic. */
  kill(instanceId: string, reason = 'killed by SIGKILL'): void {
    const machine = this.#machines.get(instanceId);
    if (!machine || machine.state === 'off') throw new Error(`The machine ${instanceId} does not run`);
    const unexpected = machine.state === 'running';
    machine.state = 'off';
    machine.abort.abort(new Error(`The machine exited while it booted: ${reason}`));
    if (unexpected) for (const listener of this.#listeners) listener(instanceId, reason);
  }

  /** Whether the machine is up. */
  isRunning(instanceId: string): boolean {
    return this.#machines.get(instanceId)?.state === 'running';
  }

  async create(spec: MachineSpec): Promise<void> {
    if (!this.#images.has(spec.imageId)) throw new Error(`The image ${spec.imageId} has no data`);
    if (this.#machines.has(spec.instanceId)) throw new Error(`The machine ${spec.instanceId} has a disk already`);
    this.#machines.set(spec.instanceId, { spec, state: 'off', console: '', abort: new AbortController() });
    await this.#clock.sleep(this.#times.create);
    const reason = this.#failures.get(`create ${spec.imageId}`);
    if (reason !== undefined) {
      this.#machines.delete(spec.instanceId);
      throw new Error(reason);
    }
  }

  async boot(spec: MachineSpec): Promise<void> {
    const machine = this.#machine(spec.instanceId);
    if (machine.state !== 'off') throw new Error(`The machine ${spec.instanceId} runs already`);
    machine.state = 'booting';
    machine.abort = new AbortController();
    await this.#clock.sleep(this.#times.boot, machine.abort.signal);
    const reason = this.#failures.get(`boot ${spec.imageId}`);
    if (reason !== undefined) {
      machine.state = 'off';
      throw new Error(reason);
    }
    machine.state = 'running';
    machine.console += hostKeyBlock(spec);
  }

  async shutdown(instanceId: string, graceMs: number): Promise<void> {
    const machine = this.#machines.get(instanceId);
    if (!machine || machine.state === 'off') return;
    if (machine.state === 'booting') machine.abort.abort(new Error('The machine was stopped while it booted'));
    machine.state = 'stopping';
    await this.#clock.sleep(Math.min(this.#times.shutdown, graceMs));
    machine.state = 'off';
  }

  async destroy(instanceId: string): Promise<void> {
    const machine = this.#machines.get(instanceId);
    if (machine && machine.state !== 'off') throw new Error(`The machine ${instanceId} runs`);
    this.#machines.delete(instanceId);
  }

  async snapshot(instanceId: string, imageId: string): Promise<number> {
    const { spec } = this.#machine(instanceId);
    if (this.#images.has(imageId)) throw new Error(`The image ${imageId} exists`);
    await this.#clock.sleep(this.#times.snapshot);
    const reason = this.#failures.get(`snapshot ${spec.imageId}`);
    if (reason !== undefined) throw new Error(reason);
    this.#images.add(imageId);
    return diskBytes;
  }

  async deleteImage(imageId: string): Promise<void> {
    this.#images.delete(imageId);
  }

  async consoleOutput(instanceId: string): Promise<string> {
    return this.#machines.get(instanceId)?.console ?? '';
  }

  onExit(listener: (instanceId: string, reason: string) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    for (const machine of this.#machines.values()) {
      if (machine.state === 'booting') machine.abort.abort(new Error('The machine was stopped while it booted'));
      machine.state = 'off';
    }
  }

  #machine(instanceId: string): SimulatedMachine {
    const machine = this.#machines.get(instanceId);
    if (!machine) throw new Error(`The machine ${instanceId} has no disk`);
    return machine;
  }
}

/** A host key that looks like one and belongs to this instance alone. */
function hostKeyBlock(spec: MachineSpec): string {
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const secret = createHash('sha256').update(spec.instanceId).digest();
  const key = Buffer.concat([field(Buffer.from('ssh-ed25519')), field(secret)]).toString('base64');
  const lines = ['-----BEGIN SSH HOST KEY KEYS-----', `ssh-ed25519 ${key} root@${spec.hostname}`];
  return `${[...lines, '-----END SSH HOST KEY KEYS-----'].join('\n')}\n`;
}
