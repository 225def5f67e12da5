import type { Figure } from '@golden-pipeline/shared/testing/figures';

/** The results of one benchmark. */
export interface Measured {
  name: string;
  figures: readonly Figure[];
}

const head = ['| benchmark | figure | value | aim |', '| --- | --- | ---: | --- |'];

/** A value as printed. */
export function shown({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(2)} ${unit}`.trimEnd();
}

/** Table rows for the results of a benchmark. */
function rowsOf({ name, figures }: Measured): string[] {
  return figures.map((one) => `| ${name} | ${one.figure} | ${shown(one)} | ${one.aim ?? ''} |`);
}

/** A table of results. */
export function table(measured: readonly Measured[]): string {
  return [...head, ...measured.flatMap(rowsOf)].join('\n');
}

/**
 * Replaces the rows of the measured benchmarks in the page; the rows of others, and the text around the table, are
 * kept.
 * @param order Names of all benchmarks, in the order of their rows. Rows of others are dropped.
 * @throws Error for a page without the table
 */
export function record(page: string, measured: readonly Measured[], order: readonly string[]): string {
  const lines = page.split('\n');
  const start = lines.indexOf(head[0] ?? '');
  if (start < 0) throw new Error(`the page has no table that begins with ${head[0]}`);
  const after = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  const end = after < 0 ? lines.length : after;
  const before = lines.slice(start + head.length, end);
  const rows = order.flatMap((name) => {
    const anew = measured.find((one) => one.name === name);
    return anew ? rowsOf(anew) : before.filter((line) => line.startsWith(`| ${name} |`));
  });
  return [...lines.slice(0, start), ...head, ...rows, ...lines.slice(end)].join('\n');
}
