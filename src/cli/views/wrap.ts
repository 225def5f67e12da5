import wrapAnsi from 'wrap-ansi';
import type { Output } from '../context.ts';

/** Narrower than this, wrapping helps nobody. */
const minimum = 20;

/** The width that text for people is wrapped to; undefined for a pipe or a file, where lines stay whole for `grep`. */
export function wrapWidth({ isTTY, columns }: Output): number | undefined {
  return isTTY && columns !== undefined && columns >= minimum ? columns : undefined;
}

/**
 * Wraps each line at its words; what continues a line is indented deeper than it. Words that are longer than a line, e.g. paths, stay
 * whole, so that they can be copied.
 * @param width Columns of the terminal; without it nothing is wrapped.
 * @param deeper Columns that continuations are indented in addition to their line.
 */
export function wrapLines(text: string, width: number | undefined, deeper = 2): string {
  if (width === undefined) return text;
  return text
    .split('\n')
    .map((line) => {
      const own = /^ */.exec(line)?.[0] ?? '';
      return wrapAnsi(line.slice(own.length), width - own.length - deeper, { trim: false })
        .split('\n')
        .map((part, index) => (index === 0 ? own + part : own + ' '.repeat(deeper) + part.trimStart()).trimEnd())
        .join('\n');
    })
    .join('\n');
}
