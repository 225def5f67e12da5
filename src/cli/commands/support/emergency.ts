import { usageError } from '@golden-pipeline/shared/errors';
import type { CommandOptions } from '../../command.ts';
import { flag, parseOptions } from '../../options.ts';
import { reasonOf } from './reason.ts';

/**
 * `--emergency --reason <text>`: why a run may begin in spite of a hold.
 * @throws usage errors for one of the two without the other
 */
export function emergencyOf(options: CommandOptions): { emergency?: string } {
  const { emergency } = parseOptions(options, { emergency: flag });
  const reason = reasonOf(options);
  if (!emergency && reason === undefined) return {};
  if (emergency && reason !== undefined) return { emergency: reason };
  throw usageError(
    'usage.emergency',
    emergency ? '--emergency needs a reason' : '--reason goes with --emergency only',
    '--emergency --reason "why it cannot wait"',
  );
}
