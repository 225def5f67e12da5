/** `value` as one word in single quotes, whatever is in it: for a POSIX shell, and for HAProxy's configuration, which quotes alike. */
export function quoteWord(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
