import { brokenConstraint } from '../wire/refusals.ts';
import { invalid } from './errors.ts';

export function required<T>(value: T | undefined | null, name: string): T {
  if (value === undefined || value === null || (value as unknown) === '') throw invalid(`A ${name} must be specified`);
  return value;
}

/** A whole number between two bounds, or the default when absent. */
export function whole(value: number | undefined, name: string, min: number, max: number, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(`${name} '${value}' must be between ${min} and ${max}`);
}

export function oneOf<T extends string>(
  value: string | undefined,
  name: string,
  allowed: readonly T[],
  otherwise: T,
): T {
  if (value === undefined || value === '') return otherwise;
  if ((allowed as readonly string[]).includes(value)) return value as T;
  throw invalid(brokenConstraint(name, value, `Member must satisfy enum value set: [${allowed.join(', ')}]`));
}

/** Names of load balancers and target groups: 32 letters, digits, hyphens, none at the ends. */
export function resourceName(value: string | undefined, kind: string): string {
  const name = required(value, `${kind} name`);
  if (name.length > 32) throw invalid(`The ${kind} name '${name}' cannot be longer than '32' characters`);
  if (!/^[A-Za-z0-9-]+$/.test(name))
    throw invalid(
      `The ${kind} name '${name}' can only contain characters that are alphanumeric characters and hyphens(-)`,
    );
  if (name.startsWith('-') || name.endsWith('-'))
    throw invalid(`The ${kind} name '${name}' cannot begin or end with a hyphen(-)`);
  return name;
}

/** Printable ASCII without spaces: what a path or a header value of ours may hold. */
export function printable(value: string | undefined, name: string, max: number, spaces = false): string {
  const text = required(value, name);
  if (text.length > max) throw invalid(`${name} '${text}' cannot be longer than ${max} characters`);
  if (!(spaces ? /^[\x20-\x7e]+$/ : /^[\x21-\x7e]+$/).test(text))
    throw invalid(`${name} ${JSON.stringify(text)} contains characters that are not allowed`);
  return text;
}

/** A health check path: absolute, printable. */
export function path(value: string | undefined, otherwise: string): string {
  if (value === undefined || value === '') return otherwise;
  if (!value.startsWith('/')) throw invalid(`Health check path '${value}' must begin with a '/' character`);
  return printable(value, 'Health check path', 1024);
}

/** HTTP codes of a matcher: `200`, `200,202`, `200-299`. */
export function matcher(value: string | undefined, otherwise: string): string {
  if (value === undefined || value === '') return otherwise;
  const parts = value.split(',').map((part) => part.split('-'));
  const fine = parts.every((ends) => {
    const [from = '', to = from] = ends;
    return ends.length <= 2 && [from, to].every((code) => /^[2-4]\d\d$/.test(code)) && Number(from) <= Number(to);
  });
  if (!fine) throw invalid(`Health check matcher HTTP code '${value}' must be within '200-499' inclusive`);
  return value;
}

/** One page of a list, in the way of ELB's Marker and PageSize (1-400). */
export function page<T>(all: T[], input: { Marker?: string; PageSize?: number }): { items: T[]; NextMarker?: string } {
  const size = whole(input.PageSize, 'PageSize', 1, 400, 400);
  const from = input.Marker ? Number(Buffer.from(input.Marker, 'base64url').toString()) : 0;
  if (!Number.isInteger(from) || from < 0) throw invalid(`Invalid marker '${input.Marker}'`);
  const next = from + size < all.length ? Buffer.from(String(from + size)).toString('base64url') : undefined;
  return { items: all.slice(from, from + size), ...(next ? { NextMarker: next } : {}) };
}
