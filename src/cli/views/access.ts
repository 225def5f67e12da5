import type { AccessRecord } from '../../ledger/access.ts';
import { accessOutcome } from '../../status/history.ts';
import { columns } from './table.ts';
import { type Colors, oneLine, shortTime } from './text.ts';

/** One access of `pipeline history`: who did what, and how it ended on each instance. */
export function renderAccess(record: AccessRecord, colors: Colors): string {
  const { operation, app, environment, id, by, command, startedAt, finishedAt, instances } = record;
  const rows: [string, string][] = [
    ['access', `${operation} on ${app} in ${environment}, ${id}`],
    ['outcome', accessOutcome(record) ?? 'none: it goes on, or its process was killed'],
    ['by', `${by}: ${command}`],
    ['time', `${shortTime(startedAt)}${finishedAt === undefined ? '' : ` to ${shortTime(finishedAt)}`}`],
  ];
  const facts = rows.map(([name, value]) => `${colors.bold(name.padEnd(8))} ${oneLine(value)}`).join('\n');
  const table = columns(
    ['instance', 'version', 'exit', ''],
    instances.map((one) => [one.id, one.version, one.exitCode, one.error ?? ' ']),
    colors,
  );
  return `${facts}\n\n${table}\n`;
}
