import type { Clock } from '@golden-pipeline/shared/clock';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import type { NotifyTarget } from '../../../src/config/schema/notify.ts';
import { sections } from '../../../src/config/schema/pipeline.ts';
import type { Notification, Receipt } from '../../../src/ledger/notification.ts';
import { attempt } from '../../../src/notify/deliver.ts';
import { targetOf } from '../../../src/notify/targets/index.ts';

/** Values of tokens, none of which may be seen anywhere. */
export const secrets: Readonly<Record<string, string>> = {
  'env:TOKEN': 'xoxb-4711-verysecret',
  'env:SIGNING': 'signing-secret-4711',
};

/** Delivers a notification by settings as they are configured, with defaults; tokens come from {@link secrets} or `given`. */
export async function deliverTo(
  settings: Record<string, unknown>,
  notification: Notification,
  {
    previous,
    given = {},
    timeoutMs,
    clock = new ManualClock(),
  }: { previous?: Receipt; given?: Record<string, string>; timeoutMs?: number; clock?: Clock } = {},
): Promise<Receipt | undefined> {
  const notify = sections.notify.parse({ targets: [settings] });
  const configured = notify.targets[0] as NotifyTarget;
  const readReference = async (reference: string): Promise<string> => {
    const value = { ...secrets, ...given }[reference];
    if (value === undefined) throw new Error(`${reference} is not set on this computer`);
    return value;
  };
  const fleet = {
    app: 'api',
    environment: 'production',
    source: { repository: import.meta.dirname, path: '.' },
    notify,
  };
  const deliverer = { clock, readReference, ...(timeoutMs !== undefined && { timeoutMs }) };
  return attempt(deliverer, fleet, configured, targetOf(configured), notification, previous);
}
