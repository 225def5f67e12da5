import { PipelineError } from '@golden-pipeline/shared/errors';

/**
 * Runs `work`, and names files in its errors as they are in the project: a checkout is deleted before anybody can look
 * at it.
 * @param checkout Folder that the project is checked out to; undefined where the project's own files are used.
 */
export async function namingProject<T>(
  { checkout, projectDir }: { checkout?: string; projectDir: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PipelineError) || checkout === undefined || checkout === projectDir) throw error;
    const named = (text: string) => inProject(text, { checkout, projectDir });
    const { code, message, fix, details, outcome, cause } = error;
    throw new PipelineError(code, named(message), {
      ...(fix !== undefined && { fix: named(fix) }),
      details: details.map(named),
      outcome,
      cause,
    });
  }
}

/** The same text with paths of the project instead of those of a checkout. */
export function inProject(text: string, { checkout, projectDir }: { checkout?: string; projectDir: string }): string {
  return checkout === undefined ? text : text.replaceAll(checkout, projectDir);
}
