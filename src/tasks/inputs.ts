import { type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';

/** One input of a task: how it is read from the command line and what the help says of it. */
export interface Input<T> {
  readonly description: string;
  /** What stands for it in the help, e.g. `time`. */
  readonly placeholder: string;
  /** A flag takes no value. */
  readonly flag: boolean;
  readonly optional: boolean;
  readonly choices?: readonly string[];
  /** @throws usage error `task.input` naming the wrong value and what is expected */
  read(text: string, name: string): T;
}

/** The values of a group of inputs. */
export type Values<I extends Inputs> = { [K in keyof I]: I[K] extends Input<infer T> ? T : never };
export type Inputs = Readonly<Record<string, Input<unknown>>>;

/**
 * Text of one line; `pattern` and `choices` narrow it.
 * @throws usage error `task.definition` for an empty list of choices, which nothing could fit
 */
export function text(
  description: string,
  {
    pattern,
    choices,
    placeholder = 'text',
  }: { pattern?: RegExp; choices?: readonly string[]; placeholder?: string } = {},
): Input<string> {
  if (choices?.length === 0)
    throw unusable(description, 'choices is empty', 'name at least one choice, or leave choices out');
  return input(
    description,
    placeholder,
    choices,
    (value) => {
      if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value) || value === '' || value.length > 1000) return undefined;
      if (choices && !choices.includes(value)) return undefined;
      // `search` starts anew each time; `test` goes on where it was with a pattern that has the flag g.
      return pattern && value.search(pattern) < 0 ? undefined : value;
    },
    choices ? `one of ${choices.join(', ')}` : pattern ? `text like ${pattern.source}` : 'text of one line',
  );
}

/**
 * A whole number of up to 15 digits, within limits where there are some.
 * @throws usage error `task.definition` for limits that no number fits
 */
export function whole(description: string, min?: number, max?: number): Input<number> {
  const [least, most] = [min ?? Number.NEGATIVE_INFINITY, max ?? Number.POSITIVE_INFINITY];
  if (!(least <= most)) {
    throw unusable(description, `no whole number is from ${show(min)} to ${show(max)}`, 'give the smaller limit first');
  }
  const read = (value: string) => {
    // Without the sign of -0.
    const number = /^-?[0-9]{1,15}$/.test(value) ? Number(value) + 0 : Number.NaN;
    return number >= least && number <= most ? number : undefined;
  };
  return input(description, 'n', undefined, read, `a whole number${limits(min, max)}`);
}

function limits(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return `, ${min} or more`;
  return max === undefined ? '' : `, ${max} or less`;
}

/** An input that would refuse every value is a mistake of the file, which is reported when the file is read. */
function unusable(description: string, problem: string, fix: string): PipelineError {
  return usageError('task.definition', `the input ${show(description)} could take no value: ${problem}`, fix);
}

const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A time span such as `90s`, `30m`, `2h` or `1d`, in milliseconds.
 * @throws usage error `task.definition` for a maximum of less than a second
 */
export function duration(description: string, maxMs = 30 * 86_400_000): Input<number> {
  if (!(maxMs >= 1000)) {
    throw unusable(description, `its maximum is ${show(maxMs)} ms`, 'give milliseconds, 1000 or more');
  }
  const read = (value: string) => {
    const [, count = '', unit = ''] = /^([1-9][0-9]{0,6})([smhd])$/.exec(value) ?? [];
    const ms = Number(count) * (units[unit] ?? Number.NaN);
    return ms > 0 && ms <= maxMs ? ms : undefined;
  };
  return input(description, 'time', undefined, read, `a time such as 90s, 30m, 2h or 1d, up to ${inUnits(maxMs)}`);
}

/** In the largest unit in which it is a whole number. */
function inUnits(ms: number): string {
  const [unit, size] = Object.entries(units).findLast(([, size]) => ms % size === 0) ?? ['s', 1000];
  return `${ms / size}${unit}`;
}

/** A switch that is on or off. */
export function flag(description: string): Input<boolean> {
  return { ...input<boolean>(description, '', undefined, () => true, ''), flag: true, optional: true };
}

/** An input that may be left out; then it is undefined. */
export function optional<T>(of: Input<T>): Input<T | undefined> {
  return { ...of, optional: true };
}

function input<T>(
  description: string,
  placeholder: string,
  choices: readonly string[] | undefined,
  parse: (text: string) => T | undefined,
  expected: string,
): Input<T> {
  return {
    description,
    placeholder,
    flag: false,
    optional: false,
    choices,
    read(value, name) {
      const read = parse(value);
      if (read !== undefined) return read;
      throw usageError('task.input', `${name}: ${show(value)} does not fit`, `give ${expected}`);
    },
  };
}
