/** Data of a file before validation. */
export type Raw = Record<string, unknown>;

/** True for `{ }`, false for lists, null and instances of classes. */
export function isGroup(value: unknown): value is Raw {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Merges `over` into `base`: groups are merged, everything else (lists too) is replaced; undefined overrides nothing.
 */
export function merge(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isGroup(base) || !isGroup(over)) return over;
  const merged: Raw = { ...base };
  for (const [key, value] of Object.entries(over)) {
    // Only own keys: a key named __proto__ would otherwise change the object itself.
    if (key !== '__proto__') merged[key] = merge(base[key], value);
  }
  return merged;
}

/** As {@link merge}, but an existing key overrides also with undefined, so that a missing value is never inherited. */
export function mergeGiven(base: unknown, over: unknown): unknown {
  if (!isGroup(base) || !isGroup(over)) return over;
  const merged: Raw = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (key !== '__proto__') merged[key] = Object.hasOwn(base, key) ? mergeGiven(base[key], value) : value;
  }
  return merged;
}

/** An environment and those that it inherits from. */
export interface Lineage {
  /** The most general environment first, itself last. */
  chain: string[];
  /** Set when `child` inherits from a missing `parent`. */
  missing?: { child: string; parent: string };
  /** Environments with circular inheritance, in that order. */
  circle?: string[];
}

/** Follows `inherits` from `name` up. */
export function lineage(environments: Raw, name: string): Lineage {
  const chain: string[] = [];
  for (let at = name; ; ) {
    chain.unshift(at);
    const environment = Object.hasOwn(environments, at) ? environments[at] : undefined;
    const parent = isGroup(environment) ? environment.inherits : undefined;
    if (typeof parent !== 'string') return { chain };
    if (chain.includes(parent)) return { chain, circle: chain.slice(0, chain.indexOf(parent) + 1).reverse() };
    if (!Object.hasOwn(environments, parent)) return { chain, missing: { child: at, parent } };
    at = parent;
  }
}
