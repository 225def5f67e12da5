import type { SecretState } from '../../aws/secrets.ts';
import { columns } from './table.ts';
import { type Colors, oneLine } from './text.ts';

/** The table of `pipeline secrets <app>`. */
export function renderSecrets(
  { app, environment }: { app: string; environment: string },
  secrets: readonly SecretState[],
  colors: Colors,
): string {
  const title = colors.bold(`${app} in ${environment}`);
  if (secrets.length === 0) return `${title}\nno secrets\n`;
  const rows = secrets.map(({ name, where, state, reason }) => [name, where, state, reason && oneLine(reason)]);
  return `${title}\n${columns(['secret', 'kept in', 'state', ''], rows, colors)}\n`;
}
