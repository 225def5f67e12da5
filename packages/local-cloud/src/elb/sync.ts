import type { Timer } from '@golden-pipeline/shared/clock';
import type { CloudContext } from '../context.ts';
import type { TargetGroupRecord, TargetRecord } from '../model.ts';
import type { TargetReading } from './balancer-driver.ts';
import { usage } from './find.ts';
import { type Health, health, nextState } from './target-state.ts';

/** How often targets are read, in ms of the cloud's clock; a compromise between the cost of a reading and the delay it adds. */
const pollMs = 200;

/** What the driver knows of a target. */
interface Told {
  targetGroupArn: string;
  id: string;
  port: number;
  address: string;
  draining: boolean;
}

/**
 * Keeps the balancer in step with the records, by comparing the two rather than by replaying requests: so a failed
 * attempt is simply made again, and a restarted daemon resumes with the records it has.
 */
export class BalancerSync {
  #told = new Map<string, Told>();
  #listeners = new Set<(targetGroupArn: string, id: string) => void>();
  #timer: Timer | undefined;
  /** The last reading, by target. */
  #readings = new Map<string, TargetReading>();
  /** Keys of the records; made once, as each is looked up at every poll. */
  #keys = new WeakMap<TargetRecord, string>();
  #running = false;
  #dirty = true;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly context: CloudContext) {}

  /** Calls `listener` after each change of a target's state; the returned function ends that. */
  onStateChange(listener: (targetGroupArn: string, id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#forgetHealth();
    this.enqueue();
  }

  /** What a former run has seen says nothing of machines that boot again: their checks begin anew. */
  #forgetHealth(): void {
    for (const { targets } of Object.values(this.context.state.targetGroups)) {
      for (const target of targets) {
        if (target.state === 'healthy' || target.state === 'unhealthy') Object.assign(target, health.registering);
      }
    }
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Puts the routing as recorded into force; rejects when the balancer refuses it. */
  apply(): Promise<void> {
    this.#dirty = true;
    return this.#exclusive(() => this.#applyNow());
  }

  /** Something about the targets changed: compare at once rather than at the next poll. */
  enqueue(): void {
    this.#exclusive(() => this.#round()).catch((error) => this.context.report(error));
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }

  async #applyNow(): Promise<void> {
    if (!this.#dirty) return;
    const { loadBalancers, listeners, rules, targetGroups } = this.context.state;
    const active = Object.values(loadBalancers).filter((balancer) => balancer.state === 'active');
    this.#dirty = false;
    try {
      await this.context.balancer.apply({
        loadBalancers: active,
        listeners: Object.values(listeners),
        rules: Object.values(rules),
        targetGroups: Object.values(targetGroups),
      });
    } catch (error) {
      this.#dirty = true;
      throw error;
    }
  }

  /** One comparison, one reading, and the next round while there are targets. */
  async #round(): Promise<void> {
    if (!this.#running) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    try {
      await this.#applyNow();
      const used = usage(this.context.state);
      await this.#tell(used);
      if (this.#told.size || this.#hasTargets()) await this.#observe(used);
    } catch (error) {
      this.context.report(error);
    }
    if (this.#running && (this.#told.size || this.#hasTargets()))
      this.#timer = this.context.clock.after(pollMs, () => this.enqueue());
  }

  #hasTargets(): boolean {
    return Object.values(this.context.state.targetGroups).some((group) => group.targets.length > 0);
  }

  /** Makes the driver's targets those of the records: only target groups in use are checked. */
  async #tell(used: Map<string, unknown>): Promise<void> {
    const { state } = this.context;
    const wanted = new Set<string>();
    for (const group of Object.values(state.targetGroups)) {
      if (!used.has(group.arn)) continue;
      for (const target of [...group.targets]) {
        // What cannot answer gets no checks and, should the group fail open, no requests.
        if (target.reason === 'Target.InvalidState') continue;
        const key = this.#keyOf(group.arn, target);
        wanted.add(key);
        const telling = this.#tellOne(group.arn, target, this.#told.get(key), key);
        // One target that the balancer refuses must not hold up the others.
        if (telling) await telling.catch((error) => this.context.report(error));
      }
    }
    for (const [key, told] of this.#told) if (!wanted.has(key)) await this.#letGo(key, told);
  }

  /** A target that should get no traffic any more, without a deregistration: what is in flight may end. */
  async #letGo(key: string, told: Told): Promise<void> {
    const { balancer, state } = this.context;
    if (state.targetGroups[told.targetGroupArn]) {
      if (!told.draining) {
        await balancer.drain(told.targetGroupArn, told);
        told.draining = true;
        return;
      }
      if ((this.#readings.get(key)?.sessions ?? 0) > 0) return;
      await balancer.remove(told.targetGroupArn, told);
    }
    this.#told.delete(key);
  }

  /** Undefined when there is nothing to tell: with hundreds of targets, a promise for each at every poll is felt. */
  #tellOne(arn: string, target: TargetRecord, told: Told | undefined, key: string): Promise<void> | undefined {
    if (target.state === 'draining') return told && !told.draining ? this.#drain(arn, target, told) : undefined;
    const address = this.context.state.instances[target.id]?.address ?? told?.address;
    if (!address || (told && !told.draining && told.address === address)) return undefined;
    return this.#add(arn, target, address, key);
  }

  async #drain(arn: string, target: TargetRecord, told: Told): Promise<void> {
    await this.context.balancer.drain(arn, target);
    told.draining = true;
  }

  async #add(arn: string, { id, port }: TargetRecord, address: string, key: string): Promise<void> {
    await this.context.balancer.add(arn, { id, port, address });
    this.#told.set(key, { targetGroupArn: arn, id, port, address, draining: false });
  }

  async #observe(used: Map<string, unknown>): Promise<void> {
    const readings = new Map<string, TargetReading>();
    for (const reading of await this.context.balancer.read())
      readings.set(keyOf(reading.targetGroupArn, reading), reading);
    this.#readings = readings;
    for (const group of Object.values(this.context.state.targetGroups)) {
      const inUse = used.has(group.arn);
      for (const target of [...group.targets]) {
        if (this.#advance(group, target, inUse)) await this.#letLeave(group, target);
      }
    }
  }

  /** Takes over what the last reading means for a target; true when its deregistration is over. */
  #advance(group: TargetGroupRecord, target: TargetRecord, inUse: boolean): boolean {
    const { clock, delays, faults, state } = this.context;
    const key = this.#keyOf(group.arn, target);
    const told = this.#told.get(key);
    const timeoutMs = Number(group.attributes['deregistration_delay.timeout_seconds'] ?? 300) * 1000;
    // A reading taken before the last change (a drain, a new registration) says nothing of the target as it is now.
    const current = told !== undefined && told.draining === (target.state === 'draining');
    const inFull = target.state === 'draining' && faults?.drainsInFull(target.id);
    const next = nextState(target, {
      inUse,
      instance: state.instances[target.id]?.state,
      now: clock.now(),
      minimumDrainMs: inFull ? timeoutMs : delays.minimumDrain,
      timeoutMs,
      told: told !== undefined,
      reading: current ? this.#readings.get(key) : undefined,
    });
    if (next === 'gone') return true;
    if (next && !isSame(next, target)) {
      Object.assign(target, { reason: undefined, description: undefined }, next);
      this.changed(group.arn, target.id);
    }
    return false;
  }

  async #letLeave(group: TargetGroupRecord, target: TargetRecord): Promise<void> {
    const key = this.#keyOf(group.arn, target);
    if (this.#told.has(key)) await this.context.balancer.remove(group.arn, target);
    // It may have been registered again while the balancer was busy.
    if (target.state !== 'draining') return;
    this.#told.delete(key);
    group.targets = group.targets.filter((other) => other !== target);
    this.changed(group.arn, target.id);
  }

  #keyOf(targetGroupArn: string, target: TargetRecord): string {
    const known = this.#keys.get(target);
    if (known !== undefined) return known;
    const key = keyOf(targetGroupArn, target);
    this.#keys.set(target, key);
    return key;
  }

  /** Tells all who watch that a target's state changed. */
  changed(targetGroupArn: string, id: string): void {
    this.context.changed();
    for (const listener of [...this.#listeners]) listener(targetGroupArn, id);
  }
}

function isSame(a: Health, b: Health): boolean {
  return a.state === b.state && a.reason === b.reason && a.description === b.description;
}

function keyOf(targetGroupArn: string, target: { id: string; port: number }): string {
  return `${targetGroupArn} ${target.id} ${target.port}`;
}
