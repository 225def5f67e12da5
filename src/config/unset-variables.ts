import { isGroup } from './merge.ts';
import { pathText } from './problems.ts';

/**
 * Paths in `ansible.variables`, such as `env.STRIPE_KEY`, whose values would not reach a play: `process.env.STRIPE_KEY`
 * of an unset variable, or values that JSON does not support. An empty text is a value, and so is null.
 */
export function unsetVariables(variables: unknown): string[] {
  return [...missing(variables, [])].map(pathText);
}

function* missing(value: unknown, path: PropertyKey[]): Generator<PropertyKey[]> {
  if (Array.isArray(value)) {
    for (const [index, inner] of value.entries()) yield* missing(inner, [...path, index]);
  } else if (isGroup(value)) {
    for (const [key, inner] of Object.entries(value)) yield* missing(inner, [...path, key]);
  } else if (isLost(value)) yield path;
}

function isLost(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  // `${process.env.NAME}` turns an unset variable into the text "undefined".
  return value === 'undefined' || ['undefined', 'function', 'symbol', 'bigint'].includes(typeof value);
}
