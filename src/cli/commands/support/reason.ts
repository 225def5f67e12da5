import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { CommandOptions } from '../../command.ts';
import { parseOptions, text } from '../../options.ts';

/** A reason that others read in one line. */
const longest = 300;

/**
 * `--reason <text>`, without space around it; undefined when it was not given.
 * @throws usage error `usage.reason` for an empty one, a long one, or one with control characters or invisible ones
 */
export function reasonOf(options: CommandOptions): string | undefined {
  const reason = parseOptions(options, { reason: text }).reason?.trim();
  if (reason === undefined) return undefined;
  if (reason !== '' && reason.length <= longest && !/[\p{Cc}\p{Cf}]/u.test(reason)) return reason;
  const hidden = /[\p{Cc}\p{Cf}]/u.exec(reason)?.[0];
  const what =
    hidden === undefined ? `more than ${longest} characters` : `${show(hidden)}, which cannot be shown in a line`;
  throw usageError(
    'usage.reason',
    reason === '' ? '--reason is empty' : `--reason has ${what}`,
    '--reason "why, in a sentence"',
  );
}
