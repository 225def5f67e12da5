import { type Clock, sleepOn, type Timer } from './clock.ts';

interface Pending {
  at: number;
  fn: () => void;
  /** Time goes on for it; see {@link VirtualClock.background}. */
  drives: boolean;
}

/** Real work of this process that a jump must not overtake, as `process.getActiveResourcesInfo` names it. */
const work = new Set(['FSReqCallback', 'FSReqPromise', 'ProcessWrap', 'PipeWrap', 'DNSREQWRAP', 'GetAddrInfoReqWrap']);

/** Turns of the event loop in which nothing must happen before time jumps: what one turn settles may ask for another. */
const quietTurns = 2;

/**
 * A time of its own, which jumps to the next timer as soon as nothing else can run: hours pass in milliseconds, and a busy host changes
 * nothing. It stands still while files, child processes or pipes of this process are busy, so what they take costs no virtual time.
 *
 * Time goes on only while somebody waits for it: while a timer of this clock is pending. Timers of its {@link background} are served
 * on the way but do not move it by themselves, so a cloud with health checks does not run on for ever between two tests.
 * Not for code that talks over sockets: a request on its way cannot be told from an idle connection.
 */
export class VirtualClock implements Clock {
  #now: number;
  readonly #timers = new Map<number, Pending>();
  #next = 1;
  #driving = 0;
  #running = false;
  /** How much of such work there was before this clock, or the least since then: pipes to a parent process, say, which stay. */
  #usual = usualWork();

  /** The same time for those who are not waited for: their timers fire on the way and do not move it. */
  readonly background: Clock;

  /** @param start Milliseconds since the epoch. */
  constructor(start: number = Date.parse('2026-01-01T00:00:00Z')) {
    this.#now = start;
    const after = (ms: number, fn: () => void) => this.#set(ms, fn, false);
    this.background = {
      now: this.now,
      after,
      sleep: (ms, signal) => sleepOn(after, ms, signal),
    };
  }

  readonly now = (): number => this.#now;

  readonly after = (ms: number, fn: () => void): Timer => this.#set(ms, fn, true);

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> => sleepOn(this.after, ms, signal);

  #set(ms: number, fn: () => void, drives: boolean): Timer {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + Math.max(0, ms), fn, drives });
    if (drives) this.#drive();
    return { cancel: () => void this.#take(id) };
  }

  /** Lets time go on until the work is done, as if the caller waited for a timer all the while. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#drive();
    try {
      return await work();
    } finally {
      this.#driving--;
    }
  }

  #drive(): void {
    this.#driving++;
    if (!this.#running) void this.#run();
  }

  /** Takes a timer off the list. */
  #take(id: number): Pending | undefined {
    const timer = this.#timers.get(id);
    if (!timer || !this.#timers.delete(id)) return undefined;
    if (timer.drives) this.#driving--;
    return timer;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#driving > 0) {
      await this.#idle();
      // What was settled meanwhile may have ended the last wait.
      if (this.#driving > 0) this.#fire();
    }
    this.#running = false;
  }

  /** Jumps to the timer that is due first, of two the one that was set first. */
  #fire(): void {
    let first: number | undefined;
    let at = Number.POSITIVE_INFINITY;
    for (const [id, timer] of this.#timers) {
      if (timer.at < at) {
        first = id;
        at = timer.at;
      }
    }
    const timer = first === undefined ? undefined : this.#take(first);
    if (!timer) return;
    this.#now = Math.max(this.#now, timer.at);
    timer.fn();
  }

  async #idle(): Promise<void> {
    // When nobody waits any more there is nothing to be idle for.
    for (let quiet = 0; quiet < quietTurns && this.#driving > 0; ) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const now = countWork();
      this.#usual = Math.min(this.#usual, now);
      if (now === this.#usual) {
        quiet++;
        continue;
      }
      quiet = 0;
      // A child process takes its time; asking for it in every turn would take the processor from it.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

function usualWork(): number {
  // Node opens these at their first use: where they are pipes, the first line that a program prints would count as work for ever.
  for (const stream of [process.stdout, process.stderr]) stream.listenerCount('close');
  return countWork();
}

function countWork(): number {
  return process.getActiveResourcesInfo().filter((name) => work.has(name)).length;
}
