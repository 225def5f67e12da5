import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { TargetSettings } from '../../config/schema/notify.ts';
import { DeliveryError } from '../delivery-error.ts';
import { reasonOf } from '../http.ts';
import type { Target } from '../target.ts';

/** One datagram for statsd: a counter, and the time that the run took. Whether it arrives, nobody knows. */
export const statsd: Target<TargetSettings<'statsd'>> = {
  to: 'statsd',
  events: () => ['released', 'rolled-back', 'failed', 'scale'],
  async deliver({ app = 'all', environment, occasion, run }, _previous, { settings: { host, port, prefix } }) {
    const path = `${prefix}.${environment}.${app}.${occasion}`;
    const took = run?.seconds === undefined ? '' : `\n${path}.time:${Math.round(run.seconds * 1000)}|ms`;
    await send(host, port, `${path}:1|c${took}`);
    return undefined;
  },
};

async function send(host: string, port: number, text: string): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.send(text, port, host, (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    throw new DeliveryError('failed', `${host}:${port} cannot be reached (${reasonOf(error)})`);
  } finally {
    socket.close();
  }
}
