/** Data as a file gives it, before it is known to be right. */
export type Raw = Record<string, unknown>;

/** True for `{ }`, false for lists, null and instances of classes. */
export function isGroup(value: unknown): value is Raw {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** `over` on top of `base`: groups are merged, everything else (lists too) is replaced; undefined overrides nothing. */
export function merge(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isGroup(base) || !isGroup(over)) return over;
  const merged: Raw = { ...base };
  for (const [key, value] of Object.entries(over)) {
    // Own data of a file only: a key called __proto__ would otherwise change the object itself.
    if (key !== '__proto__') merged[key] = merge(base[key], value);
  }
  return merged;
}

/** As {@link merge}, but a key that is there counts, also with undefined: a value that is missing never becomes another one's. */
export function mergeGiven(base: unknown, over: unknown): unknown {
  if (!isGroup(base) || !isGroup(over)) return over;
  const merged: Raw = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (key !== '__proto__') merged[key] = Object.hasOwn(base, key) ? mergeGiven(base[key], value) : value;
  }
  return merged;
}

/** What an environment is made of. */
export interface Lineage {
  /** The most general environment first, itself last. */
  chain: string[];
  /** `child` inherits from `parent`, which is not there. */
  missing?: { child: string; parent: string };
  /** Environments that inherit from each other in a circle, in that order. */
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
