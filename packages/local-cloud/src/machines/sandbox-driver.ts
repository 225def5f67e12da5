import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Clock } from '@golden-pipeline/shared/clock';
import { messageOf } from '@golden-pipeline/shared/errors';
import { readConsole } from './console.ts';
import type { MachineDriver, MachineSpec } from './driver.ts';
import { findTool } from './host-tools.ts';
import { copyTree, discard, emptyTrash, treeSize } from './images.ts';
import { imageFolder, imagesFolder, type MachineLayout, machineLayout } from './layout.ts';
import { type MachineEnvironment, machineEnvironment, ofMachine } from './machine-environment.ts';
import { startMachine } from './machine-process.ts';
import { MetadataFront } from './metadata-front.ts';
import { allGone, ownerMark, signalProcess, sweep } from './process-table.ts';
import { closeFronts, processesOf, type RunningMachine } from './running-machine.ts';
import { mountPoints, type SandboxOptions, sandboxArguments } from './sandbox-command.ts';
import { writeSeed } from './seed.ts';
import { serviceProcesses } from './service-processes.ts';
import { SshFront } from './ssh-front.ts';
import { prepareSshd } from './sshd-config.ts';
import { systemCallFilter } from './system-call-filter.ts';
import { checkMountPoints, freshVolatileFolders } from './volatile-folders.ts';

/** Machines as bubblewrap sandboxes of this host; needs what `probeSandbox` checks. */
export class SandboxDriver implements MachineDriver {
  readonly kind = 'sandbox';
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #environment: MachineEnvironment;
  readonly #bootTimeoutMs: number;
  readonly #report: (error: unknown) => void;
  readonly #sandbox: SandboxOptions;
  readonly #filter: Buffer | undefined;
  readonly #user = userInfo().username;
  readonly #machines = new Map<string, RunningMachine>();
  readonly #listeners: ((instanceId: string, reason: string) => void)[] = [];
  #trash: Promise<void>;
  #discarded = 0;
  readonly #swept: Promise<void>;

  /**
   * @param options.dir folder of its own (images/, machines/); what a dead daemon left running there is killed first
   * @param options.environment variables for every machine, over those inherited (proxies, certificates, registry)
   * @param options.bootTimeoutMs how long a boot may take, user data included; 60 s by default
   * @param options.report receives defects of ours that no call could throw
   */
  constructor(options: {
    dir: string;
    clock: Clock;
    environment?: Record<string, string>;
    bootTimeoutMs?: number;
    report?: (error: unknown) => void;
  }) {
    this.#dir = options.dir;
    this.#clock = options.clock;
    this.#environment = machineEnvironment(process.env, options.environment);
    const asRoot = process.getuid?.() === 0;
    this.#filter = asRoot ? systemCallFilter() : undefined;
    this.#sandbox = { asRoot, nodePrefix: this.#environment.nodePrefix, filtered: this.#filter !== undefined };
    this.#bootTimeoutMs = options.bootTimeoutMs ?? 60_000;
    this.#report = options.report ?? (() => undefined);
    this.#swept = allGone(sweep(this.#dir), this.#clock);
    this.#trash = emptyTrash(this.#dir).catch(() => undefined);
  }

  async create(spec: MachineSpec): Promise<void> {
    const layout = machineLayout(this.#dir, spec.instanceId);
    const image = imageFolder(this.#dir, spec.imageId);
    if (!existsSync(image)) throw new Error(`The image ${spec.imageId} has no data`);
    if (existsSync(layout.root)) throw new Error(`The machine ${spec.instanceId} has a disk already`);
    await mkdir(layout.home, { recursive: true, mode: 0o700 });
    await rm(layout.console, { force: true });
    await copyTree(image, layout.root, false);
  }

  async boot(spec: MachineSpec): Promise<void> {
    const { instanceId } = spec;
    const layout = machineLayout(this.#dir, instanceId);
    if (this.#machines.has(instanceId)) throw new Error(`The machine ${instanceId} runs already`);
    if (!existsSync(layout.root)) throw new Error(`The machine ${instanceId} has no disk`);
    let turnedOff: () => void = () => undefined;
    const machine: RunningMachine = { stopping: false, off: new Promise((resolve) => (turnedOff = resolve)) };
    this.#machines.set(instanceId, machine);
    try {
      await this.#swept;
      const environment = ofMachine(this.#environment, {
        ...spec.environment,
        ...(await this.#serveMetadata(spec, machine)),
      });
      await Promise.all([
        writeSeed(layout.seed, spec, environment, this.#user),
        this.#prepareFolders(layout, instanceId),
      ]);
      if (machine.stopping) throw new Error('The machine was stopped while it booted');
      await this.#start(layout, spec, machine, environment.variables);
    } catch (error) {
      machine.stopping = true;
      if (machine.process) signalProcess(machine.process.init, 'SIGKILL');
      await machine.process?.ended;
      await closeFronts(machine);
      this.#forget(instanceId, machine, turnedOff);
      throw error;
    }
    void machine.process?.ended.then(async (reason) => {
      await closeFronts(machine);
      const expected = machine.stopping;
      this.#forget(instanceId, machine, turnedOff);
      if (!expected) for (const listener of this.#listeners) listener(instanceId, reason);
    });
  }

  async shutdown(instanceId: string, graceMs: number): Promise<void> {
    const machine = this.#machines.get(instanceId);
    if (!machine) return;
    machine.stopping = true;
    const init = machine.process?.init;
    if (init) signalProcess(init, 'SIGTERM');
    const timer = this.#clock.after(graceMs, () => this.#kill(machine));
    await machine.off;
    timer.cancel();
  }

  async destroy(instanceId: string): Promise<void> {
    if (this.#machines.has(instanceId)) throw new Error(`The machine ${instanceId} runs`);
    await this.#discard(machineLayout(this.#dir, instanceId).home, instanceId);
  }

  async snapshot(instanceId: string, imageId: string): Promise<number> {
    const { root } = machineLayout(this.#dir, instanceId);
    const image = imageFolder(this.#dir, imageId);
    if (!existsSync(root)) throw new Error(`The machine ${instanceId} has no disk`);
    if (existsSync(image)) throw new Error(`The image ${imageId} exists`);
    await mkdir(imagesFolder(this.#dir), { recursive: true, mode: 0o700 });
    await copyTree(root, image, this.#machines.has(instanceId));
    return treeSize(image);
  }

  async deleteImage(imageId: string): Promise<void> {
    await this.#discard(imageFolder(this.#dir, imageId), imageId);
  }

  consoleOutput(instanceId: string): Promise<string> {
    return readConsole(machineLayout(this.#dir, instanceId).console);
  }

  async killServices(instanceId: string): Promise<number> {
    const init = this.#machines.get(instanceId)?.process?.init;
    return init ? serviceProcesses(init).filter((ref) => signalProcess(ref, 'SIGKILL')).length : 0;
  }

  onExit(listener: (instanceId: string, reason: string) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    const machines = [...this.#machines.values()];
    for (const machine of machines) {
      machine.stopping = true;
      this.#kill(machine);
    }
    await Promise.all([this.#swept, this.#trash, ...machines.map((machine) => machine.off)]);
  }

  /** Begins to serve a machine's metadata, on its own address; the variable that tells the machine where. */
  async #serveMetadata({ metadata, address }: MachineSpec, machine: RunningMachine): Promise<Record<string, string>> {
    if (!metadata) return {};
    machine.metadata = new MetadataFront(metadata, this.#report);
    return { AWS_EC2_METADATA_SERVICE_ENDPOINT: await machine.metadata.listen(address) };
  }

  async #prepareFolders(layout: MachineLayout, instanceId: string): Promise<void> {
    await checkMountPoints(layout.root, mountPoints(this.#sandbox));
    if (this.#filter) await writeFile(layout.filter, this.#filter, { mode: 0o600 });
    if (this.#sandbox.asRoot) await freshVolatileFolders(this.#dir, layout, this.#trashName(instanceId));
  }

  async #start(
    layout: MachineLayout,
    spec: MachineSpec,
    machine: RunningMachine,
    variables: Record<string, string>,
  ): Promise<void> {
    const record = () => writeFileSync(layout.processes, JSON.stringify(processesOf(machine)), { mode: 0o600 });
    const ssh = new SshFront({
      address: spec.address,
      sshd: findTool('sshd') ?? 'sshd',
      config: layout.sshdConfig,
      log: layout.sshdLog,
      onChange: record,
    });
    machine.ssh = ssh;
    const consoleFd = openSync(layout.console, 'a', 0o600);
    const filter = this.#filter ? openSync(layout.filter, 'r') : undefined;
    let hostKey: string;
    try {
      hostKey = await startMachine({
        argv: sandboxArguments(layout, spec.hostname, this.#sandbox),
        environment: { ...variables, ...ownerMark(this.#dir) },
        consoleFd,
        filter,
        clock: this.#clock,
        timeoutMs: this.#bootTimeoutMs,
        started: (process) => {
          machine.process = process;
          machine.metadata?.serve(process.init.pid);
          record();
          if (machine.stopping) this.#kill(machine);
        },
      });
    } catch (error) {
      const said = (await this.consoleOutput(spec.instanceId)).trim().split('\n').at(-1);
      throw new Error(`${messageOf(error)}${said ? ` (console: ${said})` : ''}`);
    } finally {
      closeSync(consoleFd);
      if (filter !== undefined) closeSync(filter);
    }
    if (!machine.process) throw new Error('The sandbox did not start');
    await prepareSshd(layout, this.#user, this.#sandbox, { pid: machine.process.init.pid, hostKey });
    await ssh.listen();
  }

  #kill(machine: RunningMachine): void {
    for (const ref of machine.process ? [machine.process.init] : []) signalProcess(ref, 'SIGKILL');
  }

  #forget(instanceId: string, machine: RunningMachine, turnedOff: () => void): void {
    if (this.#machines.get(instanceId) === machine) this.#machines.delete(instanceId);
    turnedOff();
  }

  #trashName(name: string): string {
    return `${name}-${process.pid}-${this.#discarded++}`;
  }

  async #discard(folder: string, name: string): Promise<void> {
    await discard(this.#dir, folder, this.#trashName(name));
    this.#trash = this.#trash.then(() => emptyTrash(this.#dir)).catch(() => undefined);
  }
}
