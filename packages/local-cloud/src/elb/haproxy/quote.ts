import { quoteWord } from '@golden-pipeline/shared/quote';

/** A value that cannot be put into a configuration; the message names it, safe to print. */
export class UnsafeValueError extends Error {
  constructor(what: string, value: string) {
    super(`${what} cannot be used in a balancer rule: ${JSON.stringify(value)}`);
    this.name = 'UnsafeValueError';
  }
}

/** One configuration word in strong quotes, where HAProxy expands nothing. Control characters (a new line ends a directive) are refused. */
export function quote(value: string, what = 'value'): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (value === '' || /[\u0000-\u001f\u007f]/.test(value)) throw new UnsafeValueError(what, value);
  return quoteWord(value);
}

/** A literal piece of a log-format string: `%` would begin an expression there. */
export function literal(value: string): string {
  return value.replaceAll('%', '%%');
}

/** The value itself if it matches `pattern` as a whole, for places where HAProxy has no quoting. */
export function only(pattern: RegExp, value: string, what: string): string {
  if (!new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(value) || /[\r\n]/.test(value))
    throw new UnsafeValueError(what, value);
  return value;
}

/** A pattern of ELB (`*` any run, `?` one character) as an anchored regular expression; `any` is what a wildcard may stand for. */
export function wildcard(value: string, any = '.'): string {
  return value
    .replace(/[\\^$.|+()[\]{}/#-]/g, (c) => `\\${c}`)
    .replaceAll('*', `${any}*`)
    .replaceAll('?', any);
}
