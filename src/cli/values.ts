import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { CommandOptions } from './command.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The text of an option; undefined when it was not given. */
export function textOf(options: CommandOptions, name: string): string | undefined {
  const given = options[name];
  return typeof given === 'string' ? given : undefined;
}

/**
 * A number given as an option.
 * @throws usage error for anything else.
 */
export function numberOf(options: CommandOptions, name: string): number | undefined {
  const given = textOf(options, name);
  if (given === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(given)) return Number(given);
  throw usageError(`usage.${name}`, `--${name} ${show(given)} is no number`);
}

/**
 * Milliseconds of a duration given as an option, e.g. `500ms`, `30s`, `2m`, `1h`, `1d`.
 * @throws usage error for anything else.
 */
export function durationOf(options: CommandOptions, name: string): number | undefined {
  const given = textOf(options, name);
  if (given === undefined) return undefined;
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(given) ?? [];
  const factor = units[unit];
  if (amount !== undefined && factor !== undefined) return Number(amount) * factor;
  throw usageError(`usage.${name}`, `--${name} ${show(given)} is no duration`, 'e.g. 500ms, 30s, 2m or 1h');
}
