import type { FleetStatus } from '../../operations/read-status.ts';
import { columns } from './table.ts';
import { type Colors, oneLine, shortTime } from './text.ts';

/** One fleet of `pipeline status`: what serves, on which machines, who is at work on it. */
export function renderStatus(status: FleetStatus, colors: Colors): string {
  const { app, environment, version, desired, healthy, instances, lock, run } = status;
  const count = `${healthy} of ${desired} healthy`;
  const paint = healthy < desired ? colors.yellow : colors.green;
  const lines = [`${colors.bold(`${app} in ${environment}`)}  ${version ?? 'no release yet'}  ${paint(count)}`];
  if (lock) {
    const reason = lock.reason ? `: ${lock.reason}` : '';
    lines.push(
      `locked by ${lock.owner} on ${lock.host} since ${shortTime(lock.since)} (${lock.command})${reason}`.replace(
        /\s+/g,
        ' ',
      ),
    );
  }
  if (run) lines.push(`last run ${run.id}: ${run.operation} ${run.outcome ?? 'running'}`.replace(/\s+/g, ' '));
  const body = lines.map(oneLineButColors);
  if (instances.length > 0) {
    const rows = instances.map(({ id, version: on, lifecycle, health, address }) => [
      id,
      on,
      lifecycle,
      health,
      address,
    ]);
    body.push(columns(['instance', 'version', 'lifecycle', 'health', 'address'], rows, colors));
  }
  return `${body.join('\n')}\n`;
}

/** The first line is ours and may be coloured; the others hold words from the ledger. */
function oneLineButColors(line: string, index: number): string {
  return index === 0 ? line : oneLine(line);
}
