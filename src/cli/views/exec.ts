import type { ExecResult } from '../../access/exec.ts';
import type { FleetHost } from '../../fleet/fleet-hosts.ts';
import { shortIds } from './logs.ts';
import type { Colors } from './text.ts';

/** What stands in front of the lines of each instance, in its color. */
export function prefixes(hosts: readonly FleetHost[], colors: Colors): (host: FleetHost) => string {
  const palette = [colors.cyan, colors.green, colors.yellow, colors.magenta, colors.blue, colors.red];
  const names = shortIds(hosts.map((host) => host.instanceId));
  const order = hosts.map((host) => host.instanceId);
  return ({ instanceId }) => {
    const paint = palette[order.indexOf(instanceId) % palette.length] ?? colors.cyan;
    return paint(names.get(instanceId) ?? instanceId);
  };
}

/** `exit 0 on 3 of 4 instances`, and a line for each of the others. */
export function execSummary(results: readonly ExecResult[]): string {
  const others = results.filter((result) => result.exitCode !== 0);
  const lines = [`exit 0 on ${results.length - others.length} of ${results.length} instances`];
  for (const { id, exitCode, error } of others) lines.push(`  ${id}: ${error ?? `exit ${exitCode}`}`);
  return `${lines.join('\n')}\n`;
}
