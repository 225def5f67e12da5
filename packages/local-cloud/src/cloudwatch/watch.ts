import type { Timer } from '@golden-pipeline/shared/clock';
import type { CloudContext } from '../context.ts';
import type { Alarms } from './alarms.ts';
import type { BalancerMetrics } from './balancer-metrics.ts';
import { evaluateAlarm, lastPeriodEnd } from './evaluation.ts';
import type { MetricStore } from './metric-store.ts';

/**
 * How often metrics are measured and alarms evaluated, in milliseconds of the cloud's clock: the shortest period that an
 * alarm can have.
 */
const everyMs = 10_000;

/** Measures load balancers and evaluates alarms on what was measured, again and again. */
export class Watch {
  #timer: Timer | undefined;
  #running = false;
  /** The end of the period that each alarm was evaluated by last: a state that was set by hand stays until the next one. */
  readonly #evaluated = new Map<string, number>();

  constructor(
    private readonly context: CloudContext,
    private readonly metrics: BalancerMetrics,
    private readonly store: MetricStore,
    private readonly alarms: Alarms,
  ) {}

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#next();
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
  }

  #next(): void {
    this.#timer = this.context.clock.after(everyMs, () => {
      this.#round()
        .catch((error) => this.#running && this.context.report(error))
        .finally(() => this.#running && this.#next());
    });
  }

  async #round(): Promise<void> {
    await this.context.balancer.read();
    this.metrics.sample();
    const now = this.context.clock.now();
    for (const alarm of this.alarms.all()) {
      const end = lastPeriodEnd(alarm, now);
      if (end === undefined || end === this.#evaluated.get(alarm.name)) continue;
      this.#evaluated.set(alarm.name, end);
      const verdict = evaluateAlarm(alarm, this.store, end);
      if (verdict && verdict.state !== alarm.state) this.alarms.setState(alarm, verdict.state, verdict.reason);
    }
  }
}
