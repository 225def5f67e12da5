import type { Outlook } from '../../runner/obstacles.ts';
import { type Colors, oneLine } from './text.ts';

/** What would stop a release, a line each with its fix below. */
export function renderObstacles(
  { app, environment }: { app: string; environment: string },
  { obstacles, first }: Outlook,
  colors: Colors,
): string {
  const what = `${app} in ${environment}`;
  const only = `pipeline resume ${app} and pipeline abort ${app} do only that`;
  const before = first === null ? '' : `${colors.yellow('first')}  ${oneLine(first)}; ${only}\n`;
  if (obstacles.length === 0) return `${before}${colors.green('ok')}  nothing stops a release of ${what}\n`;
  const lines = obstacles.flatMap(({ message, fix }) => [
    `${colors.red('stopped')}  ${oneLine(message)}`,
    ...(fix === null ? [] : [`  fix: ${oneLine(fix)}`]),
  ]);
  return `${before}a release of ${what} would be refused now\n${lines.join('\n')}\n`;
}
