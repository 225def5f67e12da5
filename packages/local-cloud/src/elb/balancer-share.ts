import type { BalancerDriver, Routing } from './balancer-driver.ts';

const nothing: Routing = { loadBalancers: [], listeners: [], rules: [], targetGroups: [] };

/** One balancer for several owners: each routes as if it were alone. Addresses and ARNs are unique among all of them. */
export class BalancerShare {
  readonly #inner: BalancerDriver;
  /** What is in force, by owner. */
  readonly #routings = new Map<string, Routing>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(inner: BalancerDriver) {
    this.#inner = inner;
  }

  /** The balancer as one owner sees it. Closing it closes nothing: the balancer is for all. */
  of(owner: string): BalancerDriver {
    const inner = this.#inner;
    return {
      apply: (routing) => this.#apply(owner, routing),
      add: (arn, target) => inner.add(arn, target),
      drain: (arn, target) => inner.drain(arn, target),
      remove: (arn, target) => inner.remove(arn, target),
      read: () => inner.read(),
      watchRequests: (listener) => inner.watchRequests?.(listener),
      close: () => Promise.resolve(),
    };
  }

  /** One after the other: what one owner asks for must not take along what another's failed request asked for. */
  #apply(owner: string, routing: Routing): Promise<void> {
    const applied = this.#queue.then(async () => {
      const others = [...this.#routings].filter(([name]) => name !== owner).map(([, other]) => other);
      await this.#inner.apply([...others, routing].reduce(merge, nothing));
      // A copy: the records go on changing after they have been applied.
      this.#routings.set(owner, structuredClone(routing));
    });
    this.#queue = applied.catch(() => {});
    return applied;
  }
}

function merge(a: Routing, b: Routing): Routing {
  return {
    loadBalancers: [...a.loadBalancers, ...b.loadBalancers],
    listeners: [...a.listeners, ...b.listeners],
    rules: [...a.rules, ...b.rules],
    targetGroups: [...a.targetGroups, ...b.targetGroups],
  };
}
