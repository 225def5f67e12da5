import { usageError } from '@golden-pipeline/shared/errors';
import type { CommandOptions } from '../../command.ts';
import { parseOptions, text } from '../../options.ts';

/** A reason that others read in one line. */
const longest = 300;

/**
 * `--reason <text>`, without space around it; undefined when it was not given.
 * @throws usage error `usage.reason` for an empty one, a long one, or one with more than a line
 */
export function reasonOf(options: CommandOptions): string | undefined {
  const reason = parseOptions(options, { reason: text }).reason?.trim();
  if (reason === undefined) return undefined;
  if (reason !== '' && reason.length <= longest && !/[\p{Cc}\p{Cf}]/u.test(reason)) return reason;
  throw usageError(
    'usage.reason',
    reason === '' ? '--reason is empty' : `--reason has more than one line, or more than ${longest} characters`,
    '--reason "why, in a sentence"',
  );
}
