import type { Clock } from '../../shared/clock.ts';
import { usageError } from '../../shared/errors.ts';
import type { CloudFaults } from '../context.ts';
import type { BalancerDriver } from '../elb/balancer-driver.ts';
import type { MachineDriver } from '../machines/driver.ts';
import type { CloudState, InstanceRecord } from '../model.ts';
import { account } from '../settings.ts';
import { type CallFaults, CloudError } from '../wire/handler.ts';
import { FaultBook } from './book.ts';
import { callFaults } from './call-faults.ts';
import { FaultyBalancer } from './faulty-balancer.ts';
import { FaultyMachines } from './faulty-machines.ts';
import { fitsMachine } from './match.ts';
import type { FaultRequest, FaultRule, FaultView } from './rule.ts';

export interface FaultsOptions {
  clock: Clock;
  state: CloudState;
  machines: MachineDriver;
  balancer: BalancerDriver;
  random?: () => number;
  report: (error: unknown) => void;
}

/** All that can go wrong with one cloud on request. Build its services on the drivers and hooks that are given here. */
export class Faults {
  readonly machines: FaultyMachines;
  readonly balancer: FaultyBalancer;
  /** For the wire. */
  readonly calls: CallFaults;
  /** For the services. */
  readonly hooks: CloudFaults;
  readonly #book: FaultBook;
  readonly #state: CloudState;
  readonly #report: (error: unknown) => void;
  readonly #closing = new AbortController();

  constructor(options: FaultsOptions) {
    const { clock, state, random, report } = options;
    this.#book = new FaultBook({ clock, random });
    this.#state = state;
    this.#report = report;
    this.machines = new FaultyMachines(options.machines, this.#book, () => state);
    this.balancer = new FaultyBalancer(options.balancer, this.#book, clock, () => state);
    const { signal } = this.#closing;
    this.calls = callFaults({ book: this.#book, clock, state: () => state, signal });
    this.hooks = {
      checkCapacity: (place) => this.#checkCapacity(place),
      bakeDelay: (id) => this.#book.strike('bake-slow', (rule) => fitsMachine(rule, state, id))?.delayMs ?? 0,
    };
  }

  /**
   * Switches a fault on. What it does at once (machines of a lost zone die, processes are killed) has begun when this returns.
   * @throws PipelineError (usage) for a request that is wrong or names what is not there.
   */
  add(value: unknown): FaultRule {
    const rule = this.#book.add(value);
    try {
      this.#checkNames(rule);
      if (rule.kind === 'zone-lost') this.#loseZone(rule);
      if (rule.kind === 'backend-kill') this.#killBackends(rule);
    } catch (error) {
      this.#book.clear(rule.id);
      throw error;
    }
    return rule;
  }

  list(): FaultView[] {
    return this.#book.list();
  }

  /** Switches one off, or all; how many there were. What has happened to machines stays. */
  clear(id?: string): number {
    return this.#book.clear(id);
  }

  /** Ends the waits of slow calls. */
  close(): void {
    this.#closing.abort(new Error('the cloud is stopping'));
  }

  #checkNames({ instance, image, zone }: FaultRequest): void {
    const { instances, images } = this.#state;
    if (zone !== undefined && !(account.zones as readonly string[]).includes(zone)) {
      throw usageError('fault.unknown-zone', `there is no zone ${zone}`, `one of ${account.zones.join(', ')}`);
    }
    if (instance !== undefined && !instances[instance]) {
      throw usageError(
        'fault.unknown-instance',
        `there is no instance ${instance}`,
        'pipeline local status lists them',
      );
    }
    if (image !== undefined && !images[image]) throw usageError('fault.unknown-image', `there is no image ${image}`);
  }

  #live(fits: (record: InstanceRecord) => boolean): InstanceRecord[] {
    return Object.values(this.#state.instances).filter(
      (one) => (one.state === 'running' || one.state === 'pending') && fits(one),
    );
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
    const hit = this.#live((one) => one.state === 'running' && fitsMachine(rule, this.#state, one.id));
    if (hit.length === 0) throw usageError('fault.no-machine', 'none of the machines meant is running');
    for (const { id } of hit) {
      rule.hits++;
      if (this.machines.hasServices) this.machines.killServices(id).catch(this.#report);
      else this.balancer.takeDown(id, delayMs);
    }
  }

  #checkCapacity({ availabilityZone, instanceType }: { availabilityZone: string; instanceType: string }): void {
    const lost = this.#book.inForce('zone-lost').find(({ zone }) => zone === availabilityZone);
    const full =
      lost ??
      this.#book.strike('insufficient-capacity', ({ zone, type }) => {
        return (zone ?? availabilityZone) === availabilityZone && (type ?? instanceType) === instanceType;
      });
    if (!full) return;
    const others = account.zones.filter((zone) => zone !== availabilityZone).join(', ');
    throw new CloudError(
      'InsufficientInstanceCapacity',
      `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${availabilityZone}). Our system will be working on provisioning additional capacity. You can currently get ${instanceType} capacity by not specifying an Availability Zone in your request or choosing ${others}.`,
      500,
    );
  }
}
