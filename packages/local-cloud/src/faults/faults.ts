import type { Clock } from '@golden-pipeline/shared/clock';
import { usageError } from '@golden-pipeline/shared/errors';
import type { BakeFaults, CloudFaults } from '../context.ts';
import type { BalancerDriver } from '../elb/balancer-driver.ts';
import type { MachineDriver } from '../machines/driver.ts';
import type { ImageRecord, InstanceRecord } from '../model.ts';
import { account } from '../settings.ts';
import { type CallFaults, CloudError } from '../wire/handler.ts';
import { callFaults } from './call-faults.ts';
import { FaultyBalancer } from './faulty-balancer.ts';
import { FaultyMachines } from './faulty-machines.ts';
import { findRecord, fitsBake, fitsMachine, type Records } from './match.ts';
import { FaultRegistry } from './registry.ts';
import type { FaultControl, FaultRequest, FaultRule, FaultView } from './rule.ts';

export interface FaultsOptions {
  clock: Clock;
  records: Records;
  /** All zones there are; those of the home region by default. */
  zones?: readonly string[];
  machines: MachineDriver;
  balancer: BalancerDriver;
  random?: () => number;
  report: (error: unknown) => void;
}

/** All that can go wrong with one cloud on request. Build its services on the drivers and hooks that are given here. */
export class Faults implements FaultControl {
  readonly machines: FaultyMachines;
  readonly balancer: FaultyBalancer;
  /** For the wire. */
  readonly calls: CallFaults;
  /** For the services. */
  readonly hooks: CloudFaults;
  readonly #registry: FaultRegistry;
  readonly #records: Records;
  readonly #zones: readonly string[];
  readonly #report: (error: unknown) => void;
  readonly #closing = new AbortController();
  readonly #alarmListeners: (() => void)[] = [];

  constructor(options: FaultsOptions) {
    const { clock, records, random, report } = options;
    this.#registry = new FaultRegistry({ clock, random });
    this.#records = records;
    this.#zones = options.zones ?? account.zones;
    this.#report = report;
    this.machines = new FaultyMachines(options.machines, this.#registry, records);
    this.balancer = new FaultyBalancer(options.balancer, this.#registry, clock, records);
    const { signal } = this.#closing;
    this.calls = callFaults({ registry: this.#registry, clock, records, signal });
    this.hooks = {
      checkCapacity: (place) => this.#checkCapacity(place),
      isAlarmRaised: (name, region) =>
        this.#registry.strike('alarm', (rule) => rule.alarm === name && (rule.region ?? region) === region) !==
        undefined,
      onAlarm: (listener) => this.#alarmListeners.push(listener),
      bake: (image, region) => this.#bake(image, region),
      drainsInFull: (id) =>
        this.#registry.strikeOnce('late-drain', id, (rule) => fitsMachine(rule, this.#records, id)) !== undefined,
    };
  }

  /**
   * Switches a fault on. What it does at once (machines of a lost zone die, processes are killed) has begun when this returns.
   * @throws PipelineError (usage) for a request that is wrong or names what is not there.
   */
  add(value: unknown): FaultRule {
    const rule = this.#registry.add(value);
    try {
      this.#checkNames(rule);
      if (rule.kind === 'zone-lost') this.#loseZone(rule);
      if (rule.kind === 'backend-kill') this.#killBackends(rule);
      if (rule.kind === 'alarm') for (const listener of this.#alarmListeners) listener();
    } catch (error) {
      this.#registry.clear(rule.id);
      throw error;
    }
    return rule;
  }

  list(): FaultView[] {
    return this.#registry.list();
  }

  /** Switches one off, or all; how many there were. What has happened to machines stays. */
  clear(id?: string): number {
    return this.#registry.clear(id);
  }

  /** Ends the waits of slow calls. */
  close(): void {
    this.#closing.abort(new Error('the cloud is stopping'));
  }

  #checkNames({ instance, image, zone }: FaultRequest): void {
    if (zone !== undefined && !this.#zones.includes(zone)) {
      throw usageError('fault.unknown-zone', `there is no zone ${zone}`, `e.g. ${this.#zones.slice(0, 3).join(', ')}`);
    }
    if (instance !== undefined && !findRecord(this.#records, instance)) {
      throw usageError(
        'fault.unknown-instance',
        `there is no instance ${instance}`,
        'the status of the cloud lists them: pipeline local status',
      );
    }
    const known = image === undefined || [...this.#records.states()].some(({ images }) => images[image]);
    if (!known) throw usageError('fault.unknown-image', `there is no image ${image}`);
  }

  #live(fits: (record: InstanceRecord) => boolean): InstanceRecord[] {
    return [...this.#records.states()]
      .flatMap(({ instances }) => Object.values(instances))
      .filter((one) => (one.state === 'running' || one.state === 'pending') && fits(one));
  }

  #loseZone(rule: FaultRule): void {
    for (const { id } of this.#live((one) => one.availabilityZone === rule.zone)) {
      rule.hits++;
      this.machines.kill(id, `the Availability Zone ${rule.zone} is lost`).catch(this.#report);
    }
  }

  #killBackends(rule: FaultRule): void {
    const { instance, group, delayMs = 0 } = rule;
    if (instance === undefined && group === undefined) {
      if (!this.balancer.canBeKilled) {
        throw usageError(
          'fault.no-process',
          'the simulated balancer has no process to kill',
          'name machines (--instance, --group), or start the cloud with --driver sandbox',
        );
      }
      rule.hits = 1;
      this.balancer.kill().catch(this.#report);
      return;
    }
    const hit = this.#live((one) => one.state === 'running' && fitsMachine(rule, this.#records, one.id));
    if (hit.length === 0) throw usageError('fault.no-machine', 'none of the machines meant is running');
    for (const { id } of hit) {
      rule.hits++;
      if (this.machines.hasServices) this.machines.killServices(id).catch(this.#report);
      else this.balancer.takeDown(id, delayMs);
    }
  }

  #bake(image: ImageRecord, region: string): BakeFaults {
    const fits = (rule: FaultRule) => fitsBake(rule, this.#records, image, region);
    const slow = this.#registry.strike('bake-slow', fits);
    const failing = this.#registry.strike('bake-fail', fits);
    const work = image.source ? 'copy' : 'snapshot';
    return {
      delayMs: slow?.delayMs ?? 0,
      failure: failing && (failing.message ?? `The ${work} failed (fault ${failing.id})`),
      struck: [slow, failing].flatMap((rule) => rule?.id ?? []),
    };
  }

  #checkCapacity({ availabilityZone, instanceType }: { availabilityZone: string; instanceType: string }): void {
    const lost = this.#registry.inForce('zone-lost').find(({ zone }) => zone === availabilityZone);
    const full =
      lost ??
      this.#registry.strike('insufficient-capacity', ({ zone, type }) => {
        return (zone ?? availabilityZone) === availabilityZone && (type ?? instanceType) === instanceType;
      });
    if (!full) return;
    const region = availabilityZone.slice(0, -1);
    const others = this.#zones.filter((zone) => zone !== availabilityZone && zone.slice(0, -1) === region).join(', ');
    throw new CloudError(
      'InsufficientInstanceCapacity',
      `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${availabilityZone}). Our system will be working on provisioning additional capacity. You can currently get ${instanceType} capacity by not specifying an Availability Zone in your request or choosing ${others}.`,
      500,
      full.id,
    );
  }
}
