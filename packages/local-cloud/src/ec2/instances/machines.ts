import type { CloudContext } from '../../context.ts';
import type { MachineSpec } from '../../machines/driver.ts';
import type { InstanceRecord } from '../../model.ts';
import { BootQueue } from './boot-queue.ts';

/** Boots at once at most where the driver does not say: more only thrash the few cores of a developer's machine. */
const usualBoots = 4;

/** How long a machine's services get for their orderly end. EC2 gives an operating system some minutes; ours are small. */
const shutdownGraceMs = 30_000;

/** The machines behind instances: what is on, what has a disk. It changes no instance state. */
export class Machines {
  readonly #context: CloudContext;
  readonly #boots: BootQueue;
  readonly #on = new Set<string>();

  constructor(context: CloudContext) {
    this.#context = context;
    this.#boots = new BootQueue(context.machines.concurrentBoots ?? usualBoots);
  }

  /**
   * Makes the disk if there is none, and boots. Waits its turn: only so many machines boot at once.
   * @returns when the boot began, in milliseconds of the clock.
   * @throws whatever the driver rejects with; the signal's reason if it aborts before the boot begins.
   */
  boot(record: InstanceRecord, signal: AbortSignal): Promise<number> {
    return this.#boots.run(async () => {
      const began = this.#context.clock.now();
      const spec = await this.#toSpec(record);
      if (!record.hasRun || !record.hasDisk) {
        // A first boot cut short by the end of the cloud may have left half a disk.
        if (record.hasDisk) await this.#context.machines.destroy(record.id);
        // Set before the disk is there: what an interrupted copy leaves behind must be destroyed too.
        record.hasDisk = true;
        this.#context.changed();
        await this.#context.machines.create(spec);
      }
      signal.throwIfAborted();
      this.#on.add(record.id);
      await this.#context.machines.boot(spec);
      return began;
    }, signal);
  }

  /** With what the machine reaches the cloud by, as programs on EC2 reach AWS without being told. */
  async #toSpec(record: InstanceRecord): Promise<MachineSpec> {
    const { metadata, endpoint, state, region } = this.#context;
    const place = { state, region };
    return {
      ...toSpec(record),
      environment: endpoint && { AWS_ENDPOINT_URL: await endpoint },
      // The record as it is at the time of the request: profile, options and tags change.
      metadata: metadata && ((request) => metadata.answer(record, place, request)),
    };
  }

  isOn(id: string): boolean {
    return this.#on.has(id);
  }

  /** The machine has exited by itself. */
  markOff(id: string): void {
    this.#on.delete(id);
  }

  /** Orderly stop; nothing to do for a machine that is off. */
  async shutdown(id: string): Promise<void> {
    if (!this.#on.has(id)) return;
    await this.#context.machines.shutdown(id, shutdownGraceMs);
    this.#on.delete(id);
  }

  /** Keeps the console's last words, and removes the disk. Failures are reported, not thrown: there is nobody left to act on them. */
  async destroy(record: InstanceRecord): Promise<void> {
    if (!record.hasDisk) return;
    record.consoleOutput = await this.console(record);
    try {
      await this.#context.machines.destroy(record.id);
      record.hasDisk = false;
    } catch (error) {
      this.#context.report(error);
    }
    this.#context.changed();
  }

  /** What the console shows, from the machine or, when that is gone, as it was kept. */
  async console(record: InstanceRecord): Promise<string> {
    if (!record.hasDisk) return record.consoleOutput ?? '';
    try {
      return await this.#context.machines.consoleOutput(record.id);
    } catch {
      return record.consoleOutput ?? ''; // a machine that has never booted has no console
    }
  }
}

/** EC2 names hosts after their address, or after their id where the launch asks for that. */
function hostnameOf({ address, id, options }: InstanceRecord): string {
  return options?.dnsNames?.hostnameType === 'resource-name' ? id : `ip-${address.replaceAll('.', '-')}`;
}

/** The name that the region's resolver would know it by; the oldest region has its own ending. */
export function privateDnsName(record: InstanceRecord): string {
  const region = record.availabilityZone.slice(0, -1);
  return `${hostnameOf(record)}.${region === 'us-east-1' ? 'ec2' : `${region}.compute`}.internal`;
}

function toSpec(record: InstanceRecord): MachineSpec {
  return {
    instanceId: record.id,
    imageId: record.imageDataId ?? record.imageId,
    address: record.address,
    hostname: hostnameOf(record),
    publicKey: record.publicKey,
    userData: record.userData === undefined ? undefined : Buffer.from(record.userData, 'base64').toString('utf8'),
  };
}
