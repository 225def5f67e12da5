import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import type { EndPoint, HookPoint, LocalHook } from '../../config/schema/hooks.ts';
import type { Services } from '../../fleet/services.ts';
import { runLocalCommand } from '../../hosts/local-command.ts';

/** What a command of a hook gets to know of the run. */
export interface HookGiven {
  hook: HookPoint | EndPoint;
  operation: string;
  run: string;
  version?: string;
  commit?: string;
  previous?: string;
  /** How the run ended, and why, at the ends of a run only. */
  outcome?: string;
  error?: string;
  /** It undoes what the hook has done. */
  undo?: true;
  /** An earlier process of the run has begun it, and nobody knows how it ended. */
  repeated?: true;
}

/**
 * Runs the command of a hook in the project folder. The facts are in its environment as `PIPELINE_<NAME>`, and as JSON in the file
 * that `PIPELINE_FACTS` names.
 * @throws PipelineError as {@link runLocalCommand}
 */
export async function runHookCommand(
  { fleet, workDir }: Pick<Services, 'fleet' | 'workDir'>,
  { command, timeoutSeconds }: LocalHook,
  given: HookGiven,
  { clock, signal, onLine }: { clock: Clock; signal?: AbortSignal; onLine: (line: string) => void },
): Promise<void> {
  const facts = { app: fleet.app, environment: fleet.environment, ...given };
  const file = path.join(workDir, `facts-${given.hook}-${given.run}.json`);
  await writeFile(file, `${JSON.stringify(facts)}\n`, { mode: 0o600 });
  try {
    await runLocalCommand({
      command,
      cwd: fleet.projectDir,
      environment: { ...environmentOf(facts), PIPELINE_FACTS: file },
      timeoutMs: timeoutSeconds * 1000,
      clock,
      ...(signal && { signal }),
      onLine,
    });
  } finally {
    await rm(file, { force: true });
  }
}

/** A NUL character cannot be in an environment. */
function environmentOf(facts: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [`PIPELINE_${name.toUpperCase()}`, String(value).replaceAll('\0', '')]),
  );
}
