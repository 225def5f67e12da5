import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { appPattern } from '../config/names.ts';
import { projectDir } from '../config/project-dir.ts';
import type { CommandSpec } from './command.ts';
import type { CliContext } from './context.ts';

/**
 * `pipeline <app> ...` means the app's task, or the command of that name for the app; only when the first word is not a command
 * and there is a pipelines file of that name, so that a slip of the pen still gets a suggestion.
 */
export function asTask({ argv, cwd }: CliContext, specs: readonly CommandSpec[]): string[] {
  const [word = '', next] = argv;
  if (!appPattern.test(word) || !hasPipeline(cwd, word)) return [...argv];
  const command = specs.find((spec) => spec.name === next && /app/.test(spec.arguments?.[0]?.name ?? ''));
  return command ? [command.name, word, ...argv.slice(2)] : ['run', ...argv];
}

function hasPipeline(cwd: string, app: string): boolean {
  try {
    return existsSync(join(projectDir({ cwd }, {}), 'pipelines', `${app}.ts`));
  } catch {
    return false;
  }
}
