import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { CommandOptions } from './command.ts';

/** Reads one option; `name` is its camel-cased name, and the value undefined when it was not given. */
type Reader<T> = (value: string | boolean | undefined, name: string) => T;

/** Reads the options of a command once, into an object with types. @throws usage errors as the readers do */
export function parseOptions<Spec extends Record<string, Reader<unknown>>>(
  raw: CommandOptions,
  spec: Spec,
): { [Name in keyof Spec]: ReturnType<Spec[Name]> } {
  const read = Object.entries(spec).map(([name, reader]) => [name, reader(raw[name], name)]);
  return Object.fromEntries(read);
}

/** `--force`: whether it was given. */
export const flag: Reader<boolean> = (value) => value === true;

/** `--no-fleets`, read by the name `fleets`: whether it was given. */
export const negated: Reader<boolean> = (value) => value === false;

/** `--reason <text>`: undefined when it was not given. */
export const text: Reader<string | undefined> = (value) => (typeof value === 'string' ? value : undefined);

/** `--strategy <name>`: one of the choices, which the descriptor lists and commander has checked. */
export const choice =
  <T extends string>(...choices: readonly T[]): Reader<T | undefined> =>
  (value) =>
    choices.find((one) => one === value);

/** A text that something else reads further; it is not called for an option that was not given. */
export const parsed =
  <T>(read: (value: string, name: string) => T): Reader<T | undefined> =>
  (value, name) =>
    typeof value === 'string' ? read(value, name) : undefined;

/** `--latency 0.5`. @throws usage error for anything else */
export const number = parsed((given, name) => {
  if (/^\d+(\.\d+)?$/.test(given)) return Number(given);
  throw usageError(`usage.${name}`, `--${dashed(name)} ${show(given)} is not a number`);
});

/** `--limit 20`: a whole number above 0. @param initial Where it was not given. */
export const positive =
  (initial: number): Reader<number> =>
  (value, name) => {
    const given = value === undefined ? initial : Number(value);
    if (Number.isInteger(given) && given > 0) return given;
    const fix = `--${dashed(name)} ${initial}`;
    throw usageError(`usage.${name}`, `--${dashed(name)} ${show(value)} is not a whole number above 0`, fix);
  };

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `--for 30s`, in milliseconds; also `500ms`, `2m`, `1h`, `1d`. @throws usage error for anything else */
export const duration = parsed((given, name) => {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(given) ?? [];
  const factor = units[unit];
  if (amount !== undefined && factor !== undefined) return Number(amount) * factor;
  throw usageError(`usage.${name}`, `--${dashed(name)} ${show(given)} is not a duration`, 'e.g. 500ms, 30s, 2m or 1h');
});

const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
