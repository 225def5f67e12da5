import type { TargetGroupRecord } from '../../model.ts';
import { plainOptions, type Server } from './servers.ts';
import { fullWeight } from './slow-start.ts';
import type { Supervisor } from './supervisor.ts';

const prefix = 'target_group_health.unhealthy_state_routing.minimum_healthy_targets';

/** Whether so few of a group's servers are up that the unhealthy ones get requests too. Those that drain do not count. */
export function isOpen(servers: readonly Server[], attributes: TargetGroupRecord['attributes']): boolean {
  const all = servers.filter(({ draining }) => !draining);
  const up = all.filter(({ verdict }) => verdict === 'up').length;
  const percentage = attributes[`${prefix}.percentage`] ?? 'off';
  if (percentage !== 'off' && up * 100 < all.length * Number(percentage)) return true;
  return up < Number(attributes[`${prefix}.count`] ?? 1);
}

export interface TwinOptions {
  haproxy: Pick<Supervisor, 'ask'>;
  /** A name that no server has had. */
  name: (server: Server) => string;
  /** Lets a twin get no new requests, also of old workers. */
  drain: (twin: Server) => Promise<void>;
  /** Takes a twin that gets no requests any more, to delete it. */
  bury: (twin: Server) => void;
}

/**
 * Twins: servers without health checks beside unhealthy ones, so that these get requests while their own checks go on as before.
 * They are there only while a group is open.
 */
export class Twins {
  readonly #haproxy: TwinOptions['haproxy'];
  readonly #name: TwinOptions['name'];
  readonly #drain: TwinOptions['drain'];
  readonly #bury: TwinOptions['bury'];

  constructor({ haproxy, name, drain, bury }: TwinOptions) {
    this.#haproxy = haproxy;
    this.#name = name;
    this.#drain = drain;
    this.#bury = bury;
  }

  /** Gives the servers of one group twins, or takes them away, as their health says. */
  async settle(servers: readonly Server[], attributes: TargetGroupRecord['attributes']): Promise<void> {
    const open = isOpen(servers, attributes);
    for (const server of servers) {
      if (open && server.verdict === 'down' && !server.draining) await this.#open(server);
      else await this.close(server);
    }
  }

  /** No new requests for the twin of a server, if it has one; when those in flight have ended, it is taken away. */
  async close(server: Server): Promise<void> {
    const { twin } = server;
    if (!twin) return;
    if (!twin.draining) {
      twin.draining = true;
      await this.#drain(twin);
    } else if (twin.sessions === 0) {
      server.twin = undefined;
      this.#bury(twin);
    }
  }

  async #open(server: Server): Promise<void> {
    if (server.twin && !server.twin.draining) return;
    // One that was to go may be gone with an old worker.
    if (server.twin) this.#bury(server.twin);
    const fresh: Server = { ...server, name: this.#name(server), sessions: 0, weight: fullWeight, twin: undefined };
    const at = `${fresh.backend}/${fresh.name}`;
    server.twin = fresh;
    await this.#haproxy.ask(
      `add server ${at} ${fresh.address}:${fresh.port} weight ${fresh.weight} ${plainOptions}; set server ${at} state ready`,
    );
  }
}
