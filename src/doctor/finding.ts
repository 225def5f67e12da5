import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';

/** `ok`: checked and passed; `warning`: worth doing something; `error`: something does not work. */
export type Severity = 'ok' | 'warning' | 'error';

/** What one check has found. */
export interface Finding {
  /** Stable id, e.g. `fleet.standby`. */
  id: string;
  severity: Severity;
  message: string;
  /** The fix: a command or a sentence; absent for one that passed. */
  fix?: string;
}

export const ok = (id: string, message: string): Finding => ({ id, severity: 'ok', message });
export const warning = (id: string, message: string, fix: string): Finding => ({
  id,
  severity: 'warning',
  message,
  fix,
});
export const error = (id: string, message: string, fix: string): Finding => ({ id, severity: 'error', message, fix });

/** One check. It may give several findings; what it throws becomes one. */
export interface Check {
  id: string;
  run(): Promise<Finding[]>;
}

/** Runs all checks side by side: one that fails says so, and the others go on. */
export async function runAll(checks: readonly Check[]): Promise<Finding[]> {
  const found = await Promise.all(
    checks.map(({ id, run }) =>
      run().catch((reason: unknown) => {
        const fix = reason instanceof PipelineError ? reason.fix : undefined;
        const message = messageOf(reason);
        return [error(id, message, fix ?? 'look at the message; `--debug` shows where it comes from')];
      }),
    ),
  );
  return found.flat();
}
