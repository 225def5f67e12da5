import type { Server } from './servers.ts';

/** Weight of a server that takes its full share; HAProxy allows up to 256. */
export const fullWeight = 100;
/** Weight of one that has just begun: the least that is not "no requests". */
const firstWeight = 1;

/**
 * Sets the weights of one target group's servers for a slow start over `durationMs`, 0 for none. Those that become healthy beside an
 * established server begin at once with little and grow steadily; without one nobody could take their share, so they get it all.
 * @param wasUp the servers that were up at the last look
 * @returns the servers whose weight is another one now
 */
export function ramp(servers: Server[], durationMs: number, wasUp: ReadonlySet<Server>, now: number): Server[] {
  const established = servers.some(
    (one) => wasUp.has(one) && one.verdict === 'up' && !one.draining && one.slowSince === undefined,
  );
  return servers.filter((server) => {
    const before = server.weight;
    if (server.verdict !== 'up' || durationMs === 0) server.slowSince = undefined;
    else if (!wasUp.has(server) && established) server.slowSince = now;
    if (server.slowSince !== undefined && now - server.slowSince >= durationMs) server.slowSince = undefined;
    server.weight = weightOf(server, durationMs, now);
    return server.weight !== before;
  });
}

/** HAProxy sends requests as soon as it finds a server up, before we know of it: so a server that is not up has the first weight already. */
function weightOf({ verdict, slowSince }: Server, durationMs: number, now: number): number {
  if (durationMs === 0) return fullWeight;
  if (verdict !== 'up') return firstWeight;
  if (slowSince === undefined) return fullWeight;
  return Math.max(firstWeight, Math.floor((fullWeight * (now - slowSince)) / durationMs));
}
