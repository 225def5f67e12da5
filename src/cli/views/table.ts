import Table from 'cli-table3';
import { type Colors, oneLine } from './text.ts';

const noLines = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) => [
    [side, ''],
    [`${side}-mid`, ''],
    [`${side}-left`, ''],
    [`${side}-right`, ''],
  ]),
);

/** Rows under a heading as aligned columns without lines; cells are made safe to show, and `-` stands for what is not known. */
export function columns(heading: string[], rows: (string | number | null | undefined)[][], colors: Colors): string {
  const table = new Table({
    chars: { ...noLines, 'left-mid': '', 'mid-mid': '', 'right-mid': '', middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  table.push(heading.map((word) => colors.bold(word)));
  for (const row of rows) {
    table.push(
      row.map((cell) => (cell === undefined || cell === null || cell === '' ? colors.dim('-') : oneLine(String(cell)))),
    );
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
