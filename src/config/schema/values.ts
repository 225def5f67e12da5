import { z } from 'zod';

/**
 * Types of settings. The error text of each says what is expected, which becomes a part of the report: `capacity.min:
 * "four", expected a whole number, 0 or more`.
 */
export const text = () => z.string({ error: 'text' }).min(1, { error: 'text that is not empty' });

/** Text of a given shape; `expected` describes it. */
export const shaped = (pattern: RegExp, expected: string) =>
  z.string({ error: expected }).regex(pattern, { error: expected });

/** A whole number within limits. */
export function whole(min: number, max?: number, unit = '') {
  const of = unit ? ` of ${unit}` : '';
  const error = max === undefined ? `a whole number${of}, ${min} or more` : `a whole number${of} from ${min} to ${max}`;
  const number = z.int({ error }).min(min, { error });
  return max === undefined ? number : number.max(max, { error });
}

export const seconds = (min: number, max: number) => whole(min, max, 'seconds');
export const port = () => whole(1, 65_535);
export const urlPath = () => shaped(/^\/[^\s\p{Cc}]*$/u, 'a path that starts with /');
export const regionName = () => shaped(/^[a-z]{2}(-[a-z]+)+-[0-9]+$/, "a region such as 'eu-west-1'");
export const flag = () => z.boolean({ error: 'true or false' });

/** One of several words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.enum(words, { error: words.map((word) => `'${word}'`).join(' or ') });

export const listOf = <T extends z.ZodType>(item: T, expected: string) => z.array(item, { error: expected });

/** A group of settings; unknown keys are refused. */
export const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape, { error: sectionError });

function sectionError(issue: { code?: string }): string | undefined {
  return issue.code === 'unrecognized_keys' ? undefined : 'a group of settings in { }';
}
