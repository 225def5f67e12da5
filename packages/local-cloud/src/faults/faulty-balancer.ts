import type { Clock } from '@golden-pipeline/shared/clock';
import type { BalancerDriver, Routing, ServedRequest, TargetReading } from '../elb/balancer-driver.ts';
import { fitsMachine, type Records } from './match.ts';
import type { FaultRegistry } from './registry.ts';
import type { FaultRule } from './rule.ts';

interface Target {
  targetGroupArn: string;
  id: string;
  address: string;
  port: number;
  addedAt: number;
  draining: boolean;
  /**
   * `out`: the balancer never got it. `in`: its health is up to the balancer alone. `down`: taken out of service for a while.
   * `returning`: given back, and down until the balancer itself has seen it up.
   */
  place: 'out' | 'in' | 'down' | 'returning';
}

/**
 * Any driver's balancer, which sees targets down as the registry has it. What is down gets no requests either: the target is kept from
 * the real balancer, or drained there.
 */
export class FaultyBalancer implements BalancerDriver {
  readonly #inner: BalancerDriver;
  readonly #registry: FaultRegistry;
  readonly #clock: Clock;
  readonly #records: Records;
  readonly #targets = new Map<string, Target>();
  /** Instances whose service is down for a while, and until when. */
  readonly #outages = new Map<string, number>();
  /** How long bad checks take to count, by target group. */
  #unhealthyAfter = new Map<string, number>();

  constructor(inner: BalancerDriver, registry: FaultRegistry, clock: Clock, records: Records) {
    this.#inner = inner;
    this.#registry = registry;
    this.#clock = clock;
    this.#records = records;
  }

  async apply(routing: Routing): Promise<void> {
    await this.#inner.apply(routing);
    this.#unhealthyAfter = new Map(
      routing.targetGroups.map(({ arn, healthCheck }) => [
        arn,
        healthCheck.unhealthyThreshold * healthCheck.intervalSeconds * 1000,
      ]),
    );
    for (const [key, target] of this.#targets) {
      if (!this.#unhealthyAfter.has(target.targetGroupArn)) this.#targets.delete(key);
    }
  }

  async add(targetGroupArn: string, target: { id: string; address: string; port: number }): Promise<void> {
    const { id, address, port } = target;
    const place = this.#neverHealthy(id) ? 'out' : 'in';
    if (place === 'in') await this.#inner.add(targetGroupArn, target);
    const addedAt = this.#clock.now();
    const entry: Target = { targetGroupArn, id, address, port, addedAt, draining: false, place };
    this.#targets.set(keyOf(targetGroupArn, target), entry);
  }

  async drain(targetGroupArn: string, target: { id: string; port: number }): Promise<void> {
    const entry = this.#targets.get(keyOf(targetGroupArn, target));
    if (entry) entry.draining = true;
    if (entry?.place !== 'out') await this.#inner.drain(targetGroupArn, target);
  }

  async remove(targetGroupArn: string, target: { id: string; port: number }): Promise<void> {
    this.#targets.delete(keyOf(targetGroupArn, target));
    await this.#inner.remove(targetGroupArn, target);
  }

  async read(): Promise<TargetReading[]> {
    for (const entry of this.#targets.values()) {
      const settling = entry.draining ? undefined : this.#settle(entry);
      if (settling) await settling;
    }
    const all = await this.#inner.read();
    if ([...this.#targets.values()].every(({ place }) => place === 'in')) return all;
    const readings = all.map((reading) => {
      const entry = this.#targets.get(keyOf(reading.targetGroupArn, reading));
      if (entry?.place === 'returning' && reading.health === 'up') entry.place = 'in';
      return entry?.place === 'down' || entry?.place === 'returning'
        ? { ...reading, health: 'down' as const }
        : reading;
    });
    for (const entry of this.#targets.values()) if (entry.place === 'out') readings.push(this.#unanswered(entry));
    return readings;
  }

  watchRequests(listener: (requests: ServedRequest[]) => void): void {
    this.#inner.watchRequests?.(listener);
  }

  /** Whether there is a process to kill. */
  get canBeKilled(): boolean {
    return this.#inner.kill !== undefined;
  }

  async kill(): Promise<void> {
    await this.#inner.kill?.();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** The instance's service answers nothing for a while. */
  takeDown(instanceId: string, forMs: number): void {
    this.#outages.set(instanceId, this.#clock.now() + forMs);
  }

  /** Brings a target where the registry wants it to be; undefined when it is there, as nearly always. */
  #settle(entry: Target): Promise<void> | undefined {
    const { id, place } = entry;
    if (place === 'out') return this.#neverHealthy(id) ? undefined : this.#give(entry, 'in');
    const down = this.#isDown(entry);
    if (down && place !== 'down') return this.#take(entry);
    return !down && place === 'down' ? this.#give(entry, 'returning') : undefined;
  }

  async #give(entry: Target, place: 'in' | 'returning'): Promise<void> {
    await this.#inner.add(entry.targetGroupArn, entry);
    entry.place = place;
  }

  async #take(entry: Target): Promise<void> {
    await this.#inner.drain(entry.targetGroupArn, entry);
    entry.place = 'down';
  }

  #neverHealthy(id: string): boolean {
    return this.#registry.strikeOnce('never-healthy', id, (rule) => this.#fits(rule, id)) !== undefined;
  }

  #isDown({ id, addedAt }: Target): boolean {
    const now = this.#clock.now();
    if (now < (this.#outages.get(id) ?? 0)) return true;
    this.#outages.delete(id);
    const flapping = this.#registry.strikeOnce('flapping', id, (rule) => this.#fits(rule, id));
    if (!flapping) return false;
    const since = Math.max(addedAt, flapping.since);
    return Math.floor((now - since) / (flapping.periodMs ?? 10_000)) % 2 === 1;
  }

  #fits(rule: FaultRule, id: string): boolean {
    return fitsMachine(rule, this.#records, id);
  }

  /** What the checks of a target say that never answers. */
  #unanswered({ targetGroupArn, id, port, addedAt }: Target): TargetReading {
    const waits = this.#clock.now() - addedAt < (this.#unhealthyAfter.get(targetGroupArn) ?? 0);
    return { targetGroupArn, id, port, health: waits ? 'checking' : 'down', sessions: 0 };
  }
}

function keyOf(targetGroupArn: string, target: { id: string; port: number }): string {
  return `${targetGroupArn} ${target.id} ${target.port}`;
}
