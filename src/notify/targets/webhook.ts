import { createHmac } from 'node:crypto';
import type { TargetSettings } from '../../config/schema/notify.ts';
import type { Target } from '../target.ts';
import { tell } from '../text.ts';

/** Version of the document, raised when a name in it changes. */
const schema = 1;

/**
 * A webhook of one's own: the facts and the text as JSON. With `secret`, `X-Pipeline-Signature` has the HMAC-SHA256 of the body.
 * `X-Pipeline-Delivery` is the same in every attempt, so that a receiver can leave out what it has seen.
 */
export const webhook: Target<TargetSettings<'webhook'>> = {
  to: 'webhook',
  events: () => ['started', 'released', 'rolled-back', 'failed', 'hold', 'scale'],
  async deliver(notification, _previous, { settings: { url, secret }, http }) {
    const { headline, details } = tell(notification);
    const { occasion, ...facts } = notification;
    const body = JSON.stringify({ schema, event: occasion, text: headline, details, ...facts });
    const { status } = await http({
      method: 'POST',
      url,
      body,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'x-pipeline-event': occasion,
        'x-pipeline-delivery': notification.id,
        ...(secret !== undefined && { 'x-pipeline-signature': sign(body, secret) }),
      },
    });
    return { status };
  },
};

/** `sha256=` and the HMAC of a body in hexadecimal, as GitHub signs its webhooks. */
export function sign(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
