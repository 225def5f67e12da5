import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { outageOf } from '../aws/outage.ts';

/**
 * `ok`: checked and passed; `warning`: worth doing something; `error`: something does not work; `skipped`: not checked, as another
 * finding is the cause why it could not be.
 */
export type Severity = 'ok' | 'warning' | 'error' | 'skipped';

/** What one check has found. */
export interface Finding {
  /** Stable id, e.g. `fleet.standby`. */
  id: string;
  severity: Severity;
  message: string;
  /** The fix: a command or a sentence; absent for one that passed. A command stands at the end of its clause (fix-commands.ts). */
  fix?: string;
  /** What this is about beyond one fleet, e.g. `local.not-running`: of findings of one cause, only the first is reported. One fix must do for all of them. */
  cause?: string;
  /** Of a finding `skipped`: the checks that did not run. */
  checks?: string[];
}

export const ok = (id: string, message: string): Finding => ({ id, severity: 'ok', message });
export const warning = (id: string, message: string, fix: string): Finding => ({
  id,
  severity: 'warning',
  message,
  fix,
});
export const error = (id: string, message: string, fix: string): Finding => ({ id, severity: 'error', message, fix });

/** Checks that did not run. @param why What keeps them from it, e.g. `they need the fleet` */
export const skipped = (checks: readonly string[], why: string): Finding => ({
  id: 'skipped',
  severity: 'skipped',
  message: `${checks.length} ${checks.length === 1 ? 'check was' : 'checks were'} skipped: ${why}`,
  checks: [...checks],
});

/** One check. It may give several findings; what it throws becomes one. */
export interface Check {
  id: string;
  run(): Promise<Finding[]>;
}

/**
 * Runs all checks side by side: one that fails says so, and the others go on. Several that fail for the same reason are one finding,
 * that of the first.
 */
export async function runAll(checks: readonly Check[]): Promise<Finding[]> {
  const outcomes = await Promise.all(
    checks.map(async ({ id, run }) => {
      try {
        return { id, findings: await run() };
      } catch (reason) {
        return { id, failure: toFinding(id, reason) };
      }
    }),
  );
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  return outcomes.flatMap(({ findings, failure }) => {
    if (!failure) return findings;
    const same = failures.filter((one) => one.message === failure.message);
    if (same[0] !== failure) return [];
    const others = same.slice(1).map((one) => one.id);
    return [failure, ...(others.length > 0 ? [skipped(others, 'they fail for this reason, too')] : [])];
  });
}

/** The cause of everything that fails for want of credentials: this process has one set of them. */
export const credentialsCause = 'aws.credentials';

/** What a check has thrown, as its finding. */
export function toFinding(id: string, reason: unknown): Finding {
  const fix = reason instanceof PipelineError ? reason.fix : undefined;
  const found = error(id, messageOf(reason), fix ?? 'look at the message; `--debug` shows where it comes from');
  return outageOf(reason)?.kind === 'credentials' ? { ...found, cause: credentialsCause } : found;
}
