import { createConnection, type Socket } from 'node:net';
import { isLoopback } from '../../config/notify-url.ts';
import type { TargetSettings } from '../../config/schema/notify.ts';
import { DeliveryError } from '../delivery-error.ts';
import { reasonOf } from '../http.ts';
import type { Target } from '../target.ts';
import { tell } from '../text.ts';

/** The port on which a mail server speaks TLS from the start (RFC 8314). */
const tlsPort = 465;

/** Mail by SMTP. A password is sent over TLS only. The message's id is that of the notification, so a second copy can be recognized. */
export const email: Target<TargetSettings<'email'>> = {
  to: 'email',
  events: () => ['released', 'rolled-back', 'failed', 'hold', 'scale'],
  async deliver(notification, _previous, { settings, timeoutMs, signal }) {
    const { host, port, user, password, from, recipients } = settings;
    const { headline, details } = tell(notification);
    // Loaded on demand: no other target needs it.
    const { createTransport } = await import('nodemailer');
    const transport = createTransport({
      ...{ host, port, secure: port === tlsPort },
      requireTLS: password !== undefined && port !== tlsPort && !isLoopback(host),
      ...(user !== undefined && password !== undefined && { auth: { user, pass: password } }),
      ...{ greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
      // Its own sockets cannot be closed while it waits for an answer.
      getSocket: (_options, callback) => open({ host, port, timeoutMs, signal }, callback),
    });
    try {
      const { messageId, rejected } = await transport.sendMail({
        ...{ from, to: [...recipients], subject: headline.slice(0, 200) },
        text: [headline, '', ...details, ''].join('\n'),
        messageId: `<${notification.id}@golden-pipeline>`,
        date: new Date(notification.at),
        ...{ disableFileAccess: true, disableUrlAccess: true },
      });
      return { messageId, rejected: rejected.length };
    } catch (error) {
      throw failure(error, host);
    } finally {
      transport.close();
    }
  },
};

function open(
  { host, port, timeoutMs, signal }: { host: string; port: number; timeoutMs: number; signal: AbortSignal },
  callback: (error: Error | null, options: { connection: Socket } | false) => void,
): void {
  const socket = createConnection({ host, port, signal });
  const fail = (error: Error) => callback(error, false);
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
  socket.once('error', fail);
  socket.once('connect', () => {
    socket.setTimeout(0);
    socket.off('error', fail);
    callback(null, { connection: socket });
  });
}

/** Answers from 500 on are refusals, those from 400 on pass (RFC 5321, 4.2.1). */
function failure(error: unknown, host: string): DeliveryError {
  const { responseCode, response } = error as { responseCode?: number; response?: string };
  if (responseCode === undefined) return new DeliveryError('failed', `${host} cannot be reached (${reasonOf(error)})`);
  return new DeliveryError(
    responseCode >= 500 ? 'refused' : 'failed',
    `${host} answered ${String(response).slice(0, 200)}`,
  );
}
