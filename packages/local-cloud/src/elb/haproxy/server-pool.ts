import type { Clock } from '@golden-pipeline/shared/clock';
import type { TargetGroupRecord } from '../../model.ts';
import type { TargetReading } from '../balancer-driver.ts';
import { Twins } from './fail-open.ts';
import { backendName } from './names.ts';
import { only } from './quote.ts';
import type { ServerStat } from './runtime.ts';
import {
  checkOptions,
  evaluate,
  failureOf,
  type GroupOf,
  plainOptions,
  type Server,
  serverName,
  stateFile,
  twinName,
} from './servers.ts';
import { fullWeight, ramp } from './slow-start.ts';
import { drainCommands } from './stickiness.ts';
import type { Supervisor } from './supervisor.ts';

/** The targets as HAProxy's servers: what should be there, and the commands that make it so in the running worker. */
export class ServerPool {
  #servers = new Map<string, Server>();
  /** Out of service, but HAProxy deletes a server only once no connection, not even an idle one, is left. */
  #leaving = new Map<string, Server>();
  #count = 0;
  readonly #twins: Twins;

  constructor(
    private readonly clock: Clock,
    private readonly haproxy: Pick<Supervisor, 'ask' | 'tellOld'>,
  ) {
    this.#twins = new Twins({
      haproxy,
      name: ({ id, port }) => twinName(id, port, ++this.#count),
      drain: (twin) => this.#everywhere(drainCommands(twin)),
      bury: (twin) => this.#leaving.set(twin.name, twin),
    });
  }

  /** Adds a target, off until HAProxy itself has counted its good checks. */
  async add(
    { arn: targetGroupArn, healthCheck, attributes }: TargetGroupRecord,
    target: { id: string; address: string; port: number },
  ): Promise<void> {
    const id = only(/[A-Za-z0-9._-]{1,64}/, target.id, 'target id');
    const address = only(/\d{1,3}(\.\d{1,3}){3}/, target.address, 'target address');
    const key = keyOf(targetGroupArn, target);
    const known = this.#servers.get(key);
    if (known && !known.draining && known.address === address) return;
    if (known) await this.#leave(key, known, false);
    const port = Math.trunc(target.port);
    const backend = backendName(targetGroupArn);
    const name = serverName(id, port, ++this.#count);
    const server: Server = {
      ...{ targetGroupArn, backend, name, id, address, port },
      ...{ draining: false, addedAt: this.clock.now(), verdict: 'checking', sessions: 0, weight: fullWeight },
    };
    ramp([server], slowStartMs(attributes), new Set(), this.clock.now());
    this.#servers.set(key, server);
    const at = `${backend}/${name}`;
    const options = `weight ${server.weight} ${checkOptions(healthCheck)}`;
    const added = await this.haproxy.ask(`add server ${at} ${address}:${port} ${options}`);
    if (!added.includes('New server registered')) {
      this.#servers.delete(key);
      throw new Error(`HAProxy refused the target ${id}: ${added.trim()}`);
    }
    // Leaving maintenance counts a server as up, so it leaves into a drain, is declared down, and only then may be ready.
    await this.haproxy.ask(
      `set server ${at} state drain; set server ${at} health down; enable health ${at}; set server ${at} state ready`,
    );
  }

  async drain(targetGroupArn: string, target: { id: string; port: number }): Promise<void> {
    const server = this.#servers.get(keyOf(targetGroupArn, target));
    if (!server || server.draining) return;
    server.draining = true;
    await this.#twins.close(server);
    await this.#everywhere(drainCommands(server));
  }

  async remove(targetGroupArn: string, target: { id: string; port: number }): Promise<void> {
    const key = keyOf(targetGroupArn, target);
    const server = this.#servers.get(key);
    if (!server) return;
    await this.#leave(key, server, true);
    await this.bury();
  }

  /** Takes over what HAProxy says: of the worker that serves, and of old ones still busy with requests. */
  async observe(stats: ServerStat[], old: ServerStat[], groupOf: GroupOf): Promise<void> {
    const wasUp = new Set([...this.#servers.values()].filter(({ verdict }) => verdict === 'up'));
    const byName = new Map(stats.map((stat) => [`${stat.backend}/${stat.name}`, stat]));
    const inOld = new Map<string, number>();
    for (const stat of old)
      inOld.set(`${stat.backend}/${stat.name}`, (inOld.get(`${stat.backend}/${stat.name}`) ?? 0) + stat.sessions);
    for (const server of this.#everyServer()) {
      const at = `${server.backend}/${server.name}`;
      const stat = byName.get(at);
      server.sessions = (stat?.sessions ?? 0) + (inOld.get(at) ?? 0);
      if (stat && this.#servers.get(keyOf(server.targetGroupArn, server)) === server) {
        server.failure = failureOf(stat) ?? server.failure;
        server.verdict = evaluate(server, stat, groupOf(server.targetGroupArn).healthCheck, this.clock.now());
      }
    }
    await this.#reweigh(wasUp, groupOf);
    for (const [arn, servers] of this.#byGroup()) await this.#twins.settle(servers, groupOf(arn).attributes);
  }

  readings(): TargetReading[] {
    return [...this.#servers.values()].map(({ targetGroupArn, id, port, verdict, sessions, failure, twin }) => {
      return { targetGroupArn, id, port, health: verdict, failure, sessions: sessions + (twin?.sessions ?? 0) };
    });
  }

  /** Deletes the servers that left and have nothing left; those that still have are tried again next time. */
  async bury(): Promise<void> {
    for (const [name, server] of this.#leaving) {
      if (server.sessions > 0) continue;
      const at = `${server.backend}/${name}`;
      const answer = await this.haproxy.ask(`set server ${at} state maint; del server ${at}`);
      if (/Server deleted|No such server/.test(answer)) this.#leaving.delete(name);
    }
  }

  /** After a reload the configuration holds only the servers that stay. */
  reloaded(): void {
    this.#leaving.clear();
  }

  /** Forgets the servers of target groups that are gone. */
  keepOnly(targetGroupArns: Set<string>): void {
    for (const [key, server] of this.#servers)
      if (!targetGroupArns.has(server.targetGroupArn)) this.#servers.delete(key);
  }

  serverLines(backend: string, groupOf: GroupOf): string[] {
    return [...this.#servers.values()]
      .filter((server) => server.backend === backend)
      .flatMap((server) => {
        const line = ({ name, address, port, weight }: Server, options: string): string =>
          `server ${name} ${address}:${port} weight ${weight} ${options}`;
        const own = line(server, checkOptions(groupOf(server.targetGroupArn).healthCheck));
        // A twin that gets no requests any more ends with the old worker.
        return server.twin && !server.twin.draining ? [own, line(server.twin, plainOptions)] : [own];
      });
  }

  /** Names of servers that sticky clients must leave; the others that leave are not in the configuration. */
  leaving(): string[] {
    return [...this.#servers.values()].filter(({ draining }) => draining).map(({ name }) => name);
  }

  stateFile(groupOf: GroupOf): string {
    return stateFile([...this.#servers.values()], groupOf);
  }

  /** Brings the weights of groups with a slow start forward. */
  async #reweigh(wasUp: Set<Server>, groupOf: GroupOf): Promise<void> {
    const now = this.clock.now();
    const changed = [...this.#byGroup()].flatMap(([arn, servers]) =>
      ramp(servers, slowStartMs(groupOf(arn).attributes), wasUp, now),
    );
    const commands = changed.map(({ backend, name, weight }) => `set server ${backend}/${name} weight ${weight}`);
    // HAProxy reads at most 16 KiB at once.
    for (let n = 0; n < commands.length; n += 100) await this.haproxy.ask(commands.slice(n, n + 100).join('; '));
  }

  *#everyServer(): Generator<Server> {
    for (const server of this.#servers.values()) {
      yield server;
      if (server.twin) yield server.twin;
    }
    yield* this.#leaving.values();
  }

  #byGroup(): Map<string, Server[]> {
    const groups = new Map<string, Server[]>();
    for (const server of this.#servers.values()) {
      const group = groups.get(server.targetGroupArn);
      if (group) group.push(server);
      else groups.set(server.targetGroupArn, [server]);
    }
    return groups;
  }

  async #leave(key: string, server: Server, cut: boolean): Promise<void> {
    this.#servers.delete(key);
    for (const one of server.twin ? [server, server.twin] : [server]) {
      this.#leaving.set(one.name, one);
      const at = `${one.backend}/${one.name}`;
      if (cut) one.sessions = 0;
      await this.#everywhere(
        cut ? [`set server ${at} state maint`, `shutdown sessions server ${at}`] : drainCommands(one),
      );
    }
  }

  async #everywhere(commands: string[]): Promise<void> {
    await this.haproxy.ask(commands.join('; '));
    await this.haproxy.tellOld(commands);
  }
}

/** The slow start of a target group in ms; 0 for none. */
function slowStartMs(attributes: TargetGroupRecord['attributes']): number {
  return Number(attributes['slow_start.duration_seconds'] ?? 0) * 1000;
}

function keyOf(targetGroupArn: string, target: { id: string; port: number }): string {
  return `${targetGroupArn} ${target.id} ${target.port}`;
}
