import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import type { EndPoint } from '../../config/schema/hooks.ts';
import type { EndedRun } from '../../engine/operation.ts';
import type { Services } from '../../fleet/services.ts';
import { shellCommand } from '../../hosts/quote.ts';
import { outputLimit } from '../command-output.ts';
import { type HookGiven, runHookCommand } from './run-command.ts';

/** What these hooks get of the state of the run. */
export type EndFacts = { [Name in 'outcome' | 'version' | 'commit' | 'previous']?: string | undefined };

/** The hooks of an end, to be run; undefined where none is configured. */
export function endHooks(
  point: EndPoint,
  services: Services,
  facts: EndFacts,
): ((ended: EndedRun) => Promise<string[]>) | undefined {
  const found = services.fleet.release.hooks.some(({ at, run }) => at === point && typeof run !== 'string');
  return found ? (ended) => runEndHooks(point, services, ended, facts) : undefined;
}

/**
 * Runs the hooks of an end, in the order of the list. The run is over and recorded: nothing of its outcome depends on them, and nothing
 * runs them again.
 * @returns what failed, a line each
 */
async function runEndHooks(
  point: EndPoint,
  services: Services,
  { operation, run, error, clock, signal, report }: EndedRun,
  { outcome, version, commit, previous }: EndFacts,
): Promise<string[]> {
  const given: HookGiven = {
    ...{ hook: point, operation, run },
    ...(outcome !== undefined && { outcome }),
    ...(version !== undefined && { version }),
    ...(commit !== undefined && { commit }),
    ...(previous !== undefined && { previous }),
    ...(error !== undefined && { error }),
  };
  const warnings: string[] = [];
  for (const { at, run: work } of services.fleet.release.hooks) {
    if (at !== point || typeof work === 'string') continue;
    const shown = shellCommand(work.command);
    report(`${point}: ${shown}`);
    const { write } = outputLimit({ output: (line) => report(`  ${line}`), note: report });
    try {
      await runHookCommand(services, work, given, { clock, signal, onLine: (line) => write(`${line}\n`) });
    } catch (problem) {
      const fix = problem instanceof PipelineError && problem.fix ? `; ${problem.fix}` : '';
      warnings.push(`${point}: ${messageOf(problem)}${fix}`);
    }
  }
  return warnings;
}
