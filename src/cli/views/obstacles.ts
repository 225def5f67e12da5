import type { Obstacle } from '../../runner/obstacles.ts';
import { type Colors, oneLine } from './text.ts';

/** What would stop a release, a line each with its fix below. */
export function renderObstacles(
  { app, environment }: { app: string; environment: string },
  obstacles: readonly Obstacle[],
  colors: Colors,
): string {
  const what = `${app} in ${environment}`;
  if (obstacles.length === 0) return `${colors.green('ok')}  nothing stops a release of ${what}\n`;
  const lines = obstacles.flatMap(({ message, fix }) => [
    `${colors.red('stopped')}  ${oneLine(message)}`,
    ...(fix === null ? [] : [`  fix: ${oneLine(fix)}`]),
  ]);
  return `a release of ${what} would be refused now\n${lines.join('\n')}\n`;
}
