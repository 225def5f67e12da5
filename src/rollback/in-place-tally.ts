import type { InPlaceAnswer, InPlaceHost, InPlaceView } from './in-place-hosts.ts';

export interface InPlaceLimits {
  /** Part of the fleet that may fail to switch, in percent. */
  maxFailedPercent: number;
  /** Milliseconds that a newcomer may take from when it is first seen until it has switched. */
  patienceMs: number;
}

/** A host that could not switch. */
export interface Unswitched {
  id: string;
  reason: string;
}

/**
 * Counts which hosts have switched, over all readings of an in-place rollback and against the whole fleet. Hosts that have left the group do not
 * count: Auto Scaling ends unhealthy instances just while a bad release serves. Neither do newcomers, instances that did not serve when
 * the switch began: long before SSH answers there an instance counts as running. They are queried again for a while.
 */
export class InPlaceTally {
  readonly #limits: InPlaceLimits;
  readonly #established: ReadonlySet<string>;
  readonly #decided = new Map<string, InPlaceAnswer>();
  /** Newcomers that have not switched yet: since when they are known, and what they said last. */
  readonly #newcomers = new Map<string, { since: number; reason?: string }>();
  #look: InPlaceView = { hosts: [], all: 0 };

  /** @param established Ids of the hosts that served when the switch began. */
  constructor(limits: InPlaceLimits, established: Iterable<string>) {
    this.#limits = limits;
    this.#established = new Set(established);
  }

  /** Takes in the fleet as it is now; newcomers whose time is over have failed. */
  see(look: InPlaceView, now: number): void {
    this.#look = look;
    for (const { id, state } of this.#undecided()) {
      if (this.#established.has(id)) continue;
      const known = this.#newcomers.get(id) ?? { since: now };
      this.#newcomers.set(id, known);
      if (now - known.since < this.#limits.patienceMs) continue;
      this.#decided.set(id, { id, ok: false, reached: false, reason: known.reason ?? `it is still ${state}` });
    }
  }

  /** The hosts to ask now. */
  ready(): InPlaceHost[] {
    return this.#undecided().filter((host) => host.state === 'running');
  }

  /** Hosts of the last look that have neither switched nor failed. */
  get waiting(): number {
    return this.#undecided().length;
  }

  /** Takes in what hosts said; returns how many of them are not asked again. */
  take(answers: readonly InPlaceAnswer[]): number {
    const inService = new Set(this.#look.hosts.filter((host) => host.inService).map((host) => host.id));
    let decided = 0;
    for (const answer of answers) {
      const newcomer = this.#newcomers.get(answer.id);
      // What runs there may not be up yet, or not even SSH.
      if (!answer.ok && newcomer && (!answer.reached || !inService.has(answer.id))) {
        newcomer.reason = answer.reason;
      } else {
        this.#decided.set(answer.id, answer);
        decided++;
      }
    }
    return decided;
  }

  /** Hosts that have switched, gone ones included. */
  get switched(): InPlaceAnswer[] {
    return [...this.#decided.values()].filter((answer) => answer.ok);
  }

  /** Hosts of the group that cannot switch, newcomers included. */
  get failed(): Unswitched[] {
    return this.#look.hosts.flatMap(({ id }) => {
      const answer = this.#decided.get(id);
      return answer && !answer.ok ? [{ id, reason: answer.reason ?? 'it does not say why' }] : [];
    });
  }

  /** True when more hosts have failed than may, or when replacing them would leave none. */
  get tooMany(): boolean {
    const { failed } = this;
    const counted = failed.filter(({ id }) => this.#established.has(id)).length;
    const over = counted * 100 > this.all * this.#limits.maxFailedPercent;
    return failed.length > 0 && (over || failed.length >= this.all);
  }

  /** Live instances of the group at the last look, also those that need not switch. */
  get all(): number {
    return this.#look.all;
  }

  #undecided(): InPlaceHost[] {
    return this.#look.hosts.filter((host) => !this.#decided.has(host.id));
  }
}
