import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TargetSettings } from '../../config/schema/notify.ts';
import { DeliveryError } from '../delivery-error.ts';
import { reasonOf } from '../http.ts';
import type { DeliveryTools, Target } from '../target.ts';
import { tell } from '../text.ts';

type Settings = TargetSettings<'irc'>;

/** Longest text of a message, in bytes: a line has 512, with its sender and its target (RFC 2812, 2.3). */
const longest = 400;
/** Answers that another attempt would get, too: no such channel, not allowed in, wrong password, banned. */
const refusals = ['403', '404', '405', '464', '465', '471', '473', '474', '475', '477'];

/** IRC: joins the channel, says the headline, leaves. Delivered once the server has answered a PING that was sent after it. */
export const irc: Target<Settings> = {
  to: 'irc',
  events: () => ['released', 'rolled-back', 'failed', 'hold', 'scale'],
  async deliver(notification, _previous, { settings, timeoutMs, signal }) {
    await say(settings, cut(tell(notification).headline), { timeoutMs, signal });
    return undefined;
  },
};

function say(
  settings: Settings,
  text: string,
  { timeoutMs, signal }: Pick<DeliveryTools<Settings>, 'timeoutMs' | 'signal'>,
): Promise<void> {
  const { host, port, tls, channel, password } = settings;
  const where = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    let { nick } = settings;
    const socket: Socket = tls ? connectTls({ host, port, servername: host }) : connectPlain({ host, port });
    const send = (...lines: string[]) => socket.write(lines.map((line) => `${line}\r\n`).join(''));
    const fail = (kind: DeliveryError['kind'], reason: string) => {
      socket.destroy();
      reject(new DeliveryError(kind, `${where} ${reason}`));
    };
    const timer = setTimeout(() => fail('failed', `did not answer within ${timeoutMs / 1000} s`), timeoutMs);
    const stop = () => socket.destroy();
    signal.addEventListener('abort', stop, { once: true });
    const register = () => send(`NICK ${nick}`, `USER ${settings.nick} 0 * :golden-pipeline`);
    socket.on(tls ? 'secureConnect' : 'connect', () => {
      if (password !== undefined) send(`PASS ${password}`);
      register();
    });
    const answers: Record<string, (rest: string) => void> = {
      PING: (rest) => send(`PONG ${rest}`),
      // Welcome.
      '001': () => send(`JOIN ${channel}`),
      // The end of the list of who is there: joined.
      '366': () => send(`PRIVMSG ${channel} :${text}`, 'PING :said'),
      // Somebody has this name, perhaps another run.
      '433': () => {
        nick = nick.length < 16 ? `${nick}_` : `p${Math.random().toString(36).slice(2, 10)}`;
        send(`NICK ${nick}`);
      },
      PONG: () => {
        send('QUIT :said');
        socket.end();
        resolve();
      },
      ERROR: (rest) => fail('failed', `ended the connection: ${rest.slice(0, 200)}`),
    };
    const obey = (line: string): void => {
      const [, word = '', words = ''] = /^(?::\S+ )?(\S+) ?(.*)$/.exec(line) ?? [];
      if (refusals.includes(word)) fail('refused', `answered ${word} ${words.slice(0, 200)}`);
      else answers[word]?.(words);
    };
    let rest = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split(/\r?\n/);
      // A server that sends no line end must not fill the memory.
      rest = (lines.pop() ?? '').slice(-4096);
      for (const line of lines) obey(line);
    });
    socket.on('error', (error) => fail('failed', `cannot be reached (${reasonOf(error)})`));
    socket.on('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      reject(new DeliveryError('failed', `${where} ended the connection`));
    });
  });
}

/** As much of a text as one message takes. */
function cut(text: string): string {
  if (Buffer.byteLength(text) <= longest) return text;
  let short = text.slice(0, longest);
  while (Buffer.byteLength(short) > longest - 3) short = short.slice(0, -1);
  return `${short}…`;
}
