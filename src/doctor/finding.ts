import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';

/** `ok`: looked at and well; `warning`: worth doing something; `error`: something does not work. */
export type Severity = 'ok' | 'warning' | 'error';

/** What one look has found. */
export interface Finding {
  /** Stable id, e.g. `fleet.standby`. */
  id: string;
  severity: Severity;
  message: string;
  /** The cure: a command or a sentence; absent when all is well. */
  cure?: string;
}

export const ok = (id: string, message: string): Finding => ({ id, severity: 'ok', message });
export const warning = (id: string, message: string, cure: string): Finding => ({
  id,
  severity: 'warning',
  message,
  cure,
});
export const error = (id: string, message: string, cure: string): Finding => ({ id, severity: 'error', message, cure });

/** One look. It may give several findings; what it throws becomes one. */
export interface Look {
  id: string;
  run(): Promise<Finding[]>;
}

/** Takes all looks side by side: one that cannot be taken says so, and the others go on. */
export async function takeAll(looks: readonly Look[]): Promise<Finding[]> {
  const found = await Promise.all(
    looks.map(({ id, run }) =>
      run().catch((reason: unknown) => {
        const hint = reason instanceof PipelineError ? reason.hint : undefined;
        const message = messageOf(reason);
        return [error(id, message, hint ?? 'look at the message; `--debug` shows where it comes from')];
      }),
    ),
  );
  return found.flat();
}
