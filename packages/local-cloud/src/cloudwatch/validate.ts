import { CloudError } from '../wire/handler.ts';
import { brokenConstraint } from '../wire/refusals.ts';
import { invalid, missing } from './errors.ts';

export function oneOf<T extends string>(value: string, name: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw invalid(brokenConstraint(name, value, `Member must satisfy enum value set: [${allowed.join(', ')}]`));
}

/** A whole number between two bounds. */
export function whole(value: number, name: string, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(brokenConstraint(name, value, `Member must be a whole number from ${min} to ${max}`));
}

/** A text of 1 to `max` characters. */
export function text(value: string | undefined, name: string, max: number): string {
  if (value === undefined || value === '') throw missing(name);
  if (value.length > max)
    throw invalid(brokenConstraint(name, undefined, `Member must have length less than or equal to ${max}`));
  return value;
}

/** Whether a period in seconds is one of an alarm: 10, 20, 30, or a multiple of 60 (API reference, PutMetricAlarm). */
export function isPeriod(value: number, short: readonly number[] = [10, 20, 30]): boolean {
  return short.includes(value) || (Number.isInteger(value) && value >= 60 && value % 60 === 0);
}

/** Seconds of a period of data: that of an alarm, or 1 or 5. */
export function period(value: number, name: string): number {
  const short = [1, 5, 10, 20, 30];
  if (isPeriod(value, short)) return value;
  const message = `The parameter ${name} must be ${short.join(', ')} or a multiple of 60, not ${value}.`;
  throw new CloudError('InvalidParameterValue', message);
}

/** One page of a list whose token is the place of its first entry. */
export function page<T>(
  all: T[],
  token: string | undefined,
  size: number,
): { items: T[]; NextToken: string | undefined } {
  const from = token ? Number(Buffer.from(token, 'base64url').toString()) : 0;
  if (!Number.isInteger(from) || from < 0) throw new CloudError('InvalidNextToken', 'The next token is not valid.');
  const next = from + size < all.length ? Buffer.from(String(from + size)).toString('base64url') : undefined;
  return { items: all.slice(from, from + size), NextToken: next };
}
