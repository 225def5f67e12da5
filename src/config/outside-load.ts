import { messageOf, type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { visible } from '@golden-pipeline/shared/text';

/**
 * The usage error for what a file in `pipelines/` throws outside of its loading, in a timer or in a promise that
 * nothing awaits; undefined for an error of any other code.
 */
export function outsideLoad(error: unknown): PipelineError | undefined {
  const thrownAt = stackOf(error).find((line) => /^\s+at /.test(line) && !line.includes('(node:'));
  const file = /[\\/](pipelines[\\/][a-z][a-z0-9-]*\.ts):\d+/.exec(thrownAt ?? '')?.[1];
  if (file === undefined) return undefined;
  return usageError(
    'config.unreadable',
    `${file} throws in a timer or in a promise that nothing awaits: ${visible(messageOf(error))}`,
    'correct the file, then try `pipeline config check`',
  );
}

function stackOf(error: unknown): string[] {
  return error instanceof Error && typeof error.stack === 'string' ? error.stack.split('\n') : [];
}
