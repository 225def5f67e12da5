import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import type { EndPoint, LocalHook } from '../../config/schema/hooks.ts';
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
  if (commandsAt(point, services).length === 0) return undefined;
  return (ended) => runEndHooks(point, services, ended, facts);
}

/** Tasks are for the points of a release. */
function commandsAt(point: EndPoint, { fleet }: Services): LocalHook[] {
  return fleet.release.hooks.flatMap(({ at, run }) => (at === point && typeof run !== 'string' ? [run] : []));
}

/**
 * Runs the hooks of an end, in the order of the list. The run is over and recorded: nothing of its outcome depends on them, and nothing
 * runs them again. The signal stops the one that is running, and the others do not begin.
 * @returns what failed or did not begin, a line each
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
  const hooks = commandsAt(point, services);
  for (const [index, work] of hooks.entries()) {
    if (signal.aborted) {
      const rest = hooks.slice(index).map(({ command }) => shellCommand(command));
      warnings.push(`${point}: not run: ${rest.join(', ')}`);
      break;
    }
    report(`${point}: ${shellCommand(work.command)}`);
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
