import { createConnection } from 'node:net';
import { DeliveryError } from './delivery-error.ts';
import { reasonOf } from './http.ts';

/** Sends a text over TCP and closes the connection. The protocol has no answer: it is delivered when the other side has taken all of it. */
export function sendText(
  { host, port, timeoutMs, signal }: { host: string; port: number; timeoutMs: number; signal: AbortSignal },
  text: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, signal });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new DeliveryError('failed', `${host}:${port} cannot be reached (${reason})`));
    };
    socket.setTimeout(timeoutMs, () => fail(`no answer within ${timeoutMs / 1000} s`));
    socket.on('error', (error) => fail(reasonOf(error)));
    socket.on('close', () => resolve());
    // What the other side sends is not read for anything, but its end is seen only by reading.
    socket.resume();
    socket.end(text);
  });
}
