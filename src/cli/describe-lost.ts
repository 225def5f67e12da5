import { messageOf } from '@golden-pipeline/shared/errors';
import { readSystemError } from '../shared/system-errors.ts';

/** One line for stderr about a write that failed; loaded on demand, as it is hardly ever needed. */
export function describeLost(error: NodeJS.ErrnoException): string {
  return `error: the output is not complete: ${readSystemError(error)?.reason ?? messageOf(error)}\n`;
}
