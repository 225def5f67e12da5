import { messageOf } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../../../config/settings.ts';
import type { HoldRecord } from '../../../ledger/holds.ts';
import type { Ledger } from '../../../ledger/types.ts';
import { recordHold } from '../../../notify/notifications.ts';
import type { CliContext } from '../../context.ts';
import { beginDelivery } from '../../notifications.ts';
import { printable } from '../../views/text.ts';

/**
 * Announces that a hold was placed, or has ended. One of a whole environment is announced once to each target of its apps, which mostly
 * share them. The hold is in force whether or not that can be recorded.
 */
export async function announceHold(
  context: CliContext,
  { outbox }: Pick<Ledger, 'outbox'>,
  fleets: readonly Fleet[],
  hold: HoldRecord,
): Promise<void> {
  try {
    await recordHold(outbox, fleets, hold);
  } catch (error) {
    context.stderr.write(`warning: this is not announced: ${printable(messageOf(error))}\n`);
  }
  for (const fleet of fleets) beginDelivery(context, fleet);
}
