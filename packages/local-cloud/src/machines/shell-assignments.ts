import { quoteWord } from '@golden-pipeline/shared/quote';

/** `NAME='value'` lines for a POSIX shell to source; with `exported`, for the environment of what it starts. */
export function shellAssignments(values: Record<string, string>, exported = false): string {
  return Object.entries(values)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, value]) => `${exported ? 'export ' : ''}${name}=${quoteWord(value)}\n`)
    .join('');
}
