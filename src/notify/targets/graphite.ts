import type { TargetSettings } from '../../config/schema/notify.ts';
import type { Notification } from '../../ledger/notification.ts';
import { instantOf, wholeSeconds } from '../../shared/instant.ts';
import type { Target } from '../target.ts';
import { sendText } from '../tcp.ts';
import { tell } from '../text.ts';

/** Graphite: an event in its web application (`url`), metrics in carbon's plaintext protocol (`host`). */
export const graphite: Target<TargetSettings<'graphite'>> = {
  to: 'graphite',
  events: () => ['released', 'rolled-back', 'failed', 'hold', 'scale'],
  async deliver(notification, _previous, { settings, http, timeoutMs, signal }) {
    const { url, host, port, prefix } = settings;
    const { app, environment, occasion } = notification;
    // The same lines a second time change nothing, so they come first.
    if (host !== undefined) await sendText({ host, port, timeoutMs, signal }, metrics(notification, prefix));
    if (url === undefined) return undefined;
    const { headline, details } = tell(notification);
    const { status } = await http({
      method: 'POST',
      url: `${url.replace(/\/+$/, '')}/events/`,
      body: {
        what: headline,
        // A list is taken by newer versions only.
        tags: ['pipeline', occasion, environment, app].filter(Boolean).join(' '),
        when: wholeSeconds(instantOf(notification.at)),
        data: details.join('\n'),
      },
    });
    return { status };
  },
};

/** `deploys.production.api.released 1 1793000000`, and how long it took. */
function metrics({ app = 'all', environment, occasion, at, run }: Notification, prefix: string): string {
  const path = `${prefix}.${environment}.${app}.${occasion}`;
  const time = wholeSeconds(instantOf(at));
  const took = run?.seconds === undefined ? '' : `${path}.seconds ${run.seconds} ${time}\n`;
  return `${path} 1 ${time}\n${took}`;
}
