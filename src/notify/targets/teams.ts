import type { TargetSettings } from '../../config/schema/notify.ts';
import type { Notification } from '../../ledger/notification.ts';
import type { Target } from '../target.ts';
import { tell } from '../text.ts';

/** Microsoft Teams by the webhook of a workflow ("When a Teams webhook request is received"), which takes Adaptive Cards. */
export const teams: Target<TargetSettings<'teams'>> = {
  to: 'teams',
  events: () => ['released', 'rolled-back', 'failed', 'hold', 'scale'],
  async deliver(notification, _previous, { settings: { webhook }, http }) {
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      body: blocks(notification),
    };
    const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }];
    const { status } = await http({ method: 'POST', url: webhook, body: { type: 'message', attachments } });
    return { status };
  },
};

function blocks(notification: Notification): object[] {
  const { headline, details } = tell(notification);
  const color = notification.occasion === 'failed' ? 'attention' : 'default';
  return [
    { type: 'TextBlock', text: plain(headline), wrap: true, weight: 'bolder', color },
    ...details.map((text) => ({ type: 'TextBlock', text: plain(text), wrap: true, isSubtle: true, spacing: 'small' })),
  ];
}

/** A card reads Markdown: what others have written is shown as it is. */
const plain = (text: string): string => text.replace(/[\\*_[\]`~]/g, (char) => `\\${char}`);
