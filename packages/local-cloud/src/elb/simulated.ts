import type { Clock } from '@golden-pipeline/shared/clock';
import type { BalancerDriver, Routing, TargetReading } from './balancer-driver.ts';

export interface SimulatedBalancerOptions {
  clock: Clock;
  /** Whether the machine answers its health check now. */
  isUp: (target: { id: string; address: string }) => boolean;
  /** How long the requests in flight of a draining target take to end, in ms of the clock; 0 if not given. */
  drainMs?: number;
  /** Requests in flight that a serving target shows. */
  sessions?: number;
}

interface SimulatedTarget {
  targetGroupArn: string;
  id: string;
  address: string;
  port: number;
  /** What the checks say now, and since when they have said so. */
  answers: boolean;
  since: number;
  verdict: 'up' | 'down' | 'checking';
  drainingSince?: number;
}

/** A balancer without processes: health follows `isUp` with ELB's thresholds, evaluated whenever it is read. */
export class SimulatedBalancer implements BalancerDriver {
  #targets = new Map<string, SimulatedTarget>();
  #routing: Routing = { loadBalancers: [], listeners: [], rules: [], targetGroups: [] };

  constructor(private readonly options: SimulatedBalancerOptions) {}

  /** What was applied last. */
  get routing(): Routing {
    return this.#routing;
  }

  async apply(routing: Routing): Promise<void> {
    this.#routing = structuredClone(routing);
    const known = new Set(routing.targetGroups.map((group) => group.arn));
    for (const [key, target] of this.#targets) if (!known.has(target.targetGroupArn)) this.#targets.delete(key);
  }

  async add(targetGroupArn: string, target: { id: string; address: string; port: number }): Promise<void> {
    this.#check(targetGroupArn);
    const key = keyOf(targetGroupArn, target);
    const known = this.#targets.get(key);
    if (known && known.drainingSince === undefined && known.address === target.address) return;
    const { id, address, port } = target;
    const answers = this.options.isUp({ id, address });
    const since = this.options.clock.now();
    this.#targets.set(key, { targetGroupArn, id, address, port, answers, since, verdict: 'checking' });
  }

  async drain(targetGroupArn: string, target: { id: string; port: number }): Promise<void> {
    const known = this.#targets.get(keyOf(targetGroupArn, target));
    if (known) known.drainingSince ??= this.options.clock.now();
  }

  async remove(targetGroupArn: string, target: { id: string; port: number }): Promise<void> {
    this.#targets.delete(keyOf(targetGroupArn, target));
  }

  async read(): Promise<TargetReading[]> {
    const now = this.options.clock.now();
    return [...this.#targets.values()].map((target) => {
      this.#evaluate(target, now);
      const { targetGroupArn, id, port, verdict } = target;
      return { targetGroupArn, id, port, health: verdict, sessions: this.#sessions(target, now) };
    });
  }

  async close(): Promise<void> {
    this.#targets.clear();
  }

  #evaluate(target: SimulatedTarget, now: number): void {
    const answers = this.options.isUp(target);
    if (answers !== target.answers) Object.assign(target, { answers, since: now });
    const { healthyThreshold, unhealthyThreshold, intervalSeconds } = this.#check(target.targetGroupArn);
    const needed = (answers ? healthyThreshold : unhealthyThreshold) * intervalSeconds * 1000;
    if (now - target.since >= needed) target.verdict = answers ? 'up' : 'down';
  }

  #sessions(target: SimulatedTarget, now: number): number {
    const { drainMs = 0, sessions = 1 } = this.options;
    if (target.drainingSince === undefined) return target.verdict === 'up' ? sessions : 0;
    return now - target.drainingSince < drainMs ? sessions : 0;
  }

  #check(arn: string) {
    const group = this.#routing.targetGroups.find((candidate) => candidate.arn === arn);
    if (!group) throw new Error(`the balancer does not know the target group ${arn}`);
    return group.healthCheck;
  }
}

function keyOf(targetGroupArn: string, target: { id: string; port: number }): string {
  return `${targetGroupArn} ${target.id} ${target.port}`;
}
