import type { TargetSettings } from '../../config/schema/notify.ts';
import type { Notification, Receipt } from '../../ledger/notification.ts';
import { DeliveryError } from '../delivery-error.ts';
import { excerpt, type Http } from '../http.ts';
import type { Target } from '../target.ts';
import { tell } from '../text.ts';

type Settings = TargetSettings<'slack'>;

/** Errors of Slack's API that pass by themselves (docs.slack.dev, each method's "Errors"). */
const passing = [
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
];
/** The message of the start is gone, or not ours to change any more. */
const lost = ['message_not_found', 'cant_update_message', 'edit_window_closed'];

/**
 * Slack: with a bot token one message per run, which its end changes, with details in its thread; a failure is said in the channel, too.
 * With an incoming webhook, which names no message, one at the start and one at the end.
 */
export const slack: Target<Settings> = {
  to: 'slack',
  updates: true,
  events: ({ token }) => [
    ...(token === undefined ? [] : (['started'] as const)),
    ...(['released', 'rolled-back', 'failed', 'hold', 'scale'] as const),
  ],
  async deliver(notification, previous, { settings, http }) {
    const { headline, details } = textOf(notification, settings.mentions);
    if (settings.webhook !== undefined) {
      await http({ method: 'POST', url: settings.webhook, body: { text: [headline, ...details].join('\n') } });
      return undefined;
    }
    const call = caller(http, settings);
    const thread = details.join('\n');
    const failed = notification.occasion === 'failed';
    const message = { text: headline, unfurl_links: false, unfurl_media: false };
    if (previous && (await update(call, previous, headline))) {
      // Repeated as a whole when it fails: the change of the message is the same the second time.
      if (thread !== '' || failed) {
        const text = failed ? [headline, thread].join('\n') : thread;
        const { channel, ts } = previous;
        await call('chat.postMessage', { ...message, channel, thread_ts: ts, text, reply_broadcast: failed });
      }
      return previous;
    }
    const posted = await call('chat.postMessage', { ...message, channel: settings.channel });
    const { channel, ts } = posted as { channel: string; ts: string };
    if (thread !== '' && notification.occasion !== 'started') {
      // The message stands: to repeat it for its details would say it twice.
      await call('chat.postMessage', { ...message, channel, thread_ts: ts, text: thread }).catch(() => undefined);
    }
    return { channel, ts };
  },
};

type Call = (method: string, body: object) => Promise<Record<string, unknown>>;

function caller(http: Http, { api, token }: Settings): Call {
  return async (method, body) => {
    const headers = { authorization: `Bearer ${token}` };
    const { json, text } = await http({ method: 'POST', url: `${api}/${method}`, headers, body });
    if (json.ok === true) return json;
    const error = typeof json.error === 'string' ? json.error : `an answer without "ok"${excerpt(text)}`;
    throw new SlackError(error);
  };
}

class SlackError extends DeliveryError {
  readonly error: string;

  constructor(error: string) {
    super(passing.includes(error) ? 'failed' : 'refused', `Slack answered: ${error.slice(0, 200)}`);
    this.error = error;
  }
}

/** Changes the message of the start; false when it is gone. */
async function update(call: Call, { channel, ts }: Receipt, text: string): Promise<boolean> {
  try {
    await call('chat.update', { channel, ts, text });
    return true;
  } catch (error) {
    if (error instanceof SlackError && lost.includes(error.error)) return false;
    throw error;
  }
}

/** Marks around a mention while the rest is escaped; no text of a notification has them. */
const [open, close] = ['\u0001', '\u0002'];

function textOf(
  notification: Notification,
  mentions: Settings['mentions'] = {},
): { headline: string; details: string[] } {
  const nameOf = (author: string) => (Object.hasOwn(mentions, author) ? `${open}${mentions[author]}${close}` : author);
  const { headline, details } = tell(notification, nameOf);
  return { headline: escaped(headline), details: details.map(escaped) };
}

/** Slack reads `&`, `<` and `>`: a commit's subject must not mention a whole channel. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(open, '<@')
    .replaceAll(close, '>');
}
