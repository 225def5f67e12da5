import { type Clock, sleepOn, type Timer } from '../../src/clock.ts';

/** A clock that stands still until told: `advance` fires due timers in order and lets promises settle in between. */
export class ManualClock implements Clock {
  #now = Date.parse('2026-01-01T00:00:00Z');
  #timers = new Map<number, { at: number; fn: () => void }>();
  #next = 1;

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): Timer {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + Math.max(0, ms), fn });
    return { cancel: () => this.#timers.delete(id) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this.after.bind(this), ms, signal);
  }

  /** Moves time on by `ms`, firing every timer that falls due, including those set on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const due = this.#first(end);
      if (!due) break;
      this.#timers.delete(due.id);
      this.#now = Math.max(this.#now, due.at);
      due.fn();
      await settle();
    }
    this.#now = end;
  }

  /** The timer that is due first, the older one of two: the map keeps the order they were set in. */
  #first(end: number): { id: number; at: number; fn: () => void } | undefined {
    let first: { id: number; at: number; fn: () => void } | undefined;
    for (const [id, { at, fn }] of this.#timers) if (at <= end && at < (first?.at ?? Infinity)) first = { id, at, fn };
    return first;
  }
}

/** Lets every promise that can settle without time settle. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
