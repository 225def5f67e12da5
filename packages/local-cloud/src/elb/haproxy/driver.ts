import type { Clock } from '@golden-pipeline/shared/clock';
import type { TargetGroupRecord } from '../../model.ts';
import type { BalancerDriver, Routing, ServedRequest, TargetReading } from '../balancer-driver.ts';
import { configuration, type Rendered, render } from './config.ts';
import { HaproxyFiles } from './files.ts';
import { maxConnections } from './limits.ts';
import { backendName } from './names.ts';
import { RequestLog } from './request-log.ts';
import { parseStat, type ServerStat, showServers } from './runtime.ts';
import { ServerPool } from './server-pool.ts';
import { leavingFile } from './stickiness.ts';
import { probePorts, Supervisor } from './supervisor.ts';
import { switchWeights } from './switch-weights.ts';

const stateFileName = 'server-state';

export interface HaproxyOptions {
  /** Folder of HAProxy's files; made if missing. One driver at a time. */
  dir: string;
  clock: Clock;
  /** Program name or path; `haproxy` if not given. */
  binary?: string;
  /** Receives what went wrong in the background: deaths of HAProxy and failed repairs. */
  report: (error: unknown) => void;
}

/**
 * The balancer as a real HAProxy (2.5 or later). Targets are dynamic servers and weights are maps, both changed over
 * the runtime socket; listeners, rules and target groups change by a hitless reload that takes the servers along.
 */
export class HaproxyDriver implements BalancerDriver {
  #files: HaproxyFiles;
  #supervisor: Supervisor;
  #pool: ServerPool;
  #routing: Routing = { loadBalancers: [], listeners: [], rules: [], targetGroups: [] };
  #rendered: Rendered = render(this.#routing);
  #queue: Promise<unknown> = Promise.resolve();
  #oldStats = new Map<number, ServerStat[]>();
  #closed = false;
  #repairs = 0;
  #log: RequestLog;
  #watchers: ((requests: ServedRequest[]) => void)[] = [];

  constructor(private readonly options: HaproxyOptions) {
    this.#files = new HaproxyFiles(options.dir);
    this.#log = new RequestLog(options.dir);
    const { clock, binary = 'haproxy' } = options;
    this.#supervisor = new Supervisor(this.#files, clock, binary, this.#log.file, (how) => this.#onDeath(how));
    this.#pool = new ServerPool(options.clock, this.#supervisor);
  }

  /** Master and worker, for those who watch (or kill) them. */
  get pids(): { master: number; worker: number } {
    return this.#supervisor.pids;
  }

  /** Starts HAProxy, ending one that an earlier process left in the folder. Errors say what to install or which port is taken. */
  start(): Promise<void> {
    return this.#exclusive(() => this.#launch());
  }

  apply(routing: Routing): Promise<void> {
    return this.#exclusive(async () => {
      const next = render(routing);
      const held = new Set(this.#rendered.frontends.filter((line) => line.includes('  bind ')));
      const fresh = next.frontends.filter((line) => line.includes('  bind ') && !held.has(line));
      await probePorts(fresh.map(placeOf));
      const before = { routing: this.#routing, rendered: this.#rendered };
      const sameStructure = structure(next) === structure(this.#rendered);
      this.#routing = structuredClone(routing);
      this.#rendered = next;
      try {
        if (sameStructure) await switchWeights(this.#supervisor, this.#files, next, before.rendered);
        else await this.#reload();
      } catch (error) {
        this.#routing = before.routing;
        this.#rendered = before.rendered;
        throw error;
      }
    });
  }

  add(targetGroupArn: string, target: { id: string; address: string; port: number }): Promise<void> {
    return this.#runtime(() => this.#pool.add(this.#group(targetGroupArn), target));
  }

  drain(targetGroupArn: string, target: { id: string; port: number }): Promise<void> {
    return this.#runtime(() => this.#pool.drain(targetGroupArn, target));
  }

  remove(targetGroupArn: string, target: { id: string; port: number }): Promise<void> {
    return this.#runtime(() => this.#pool.remove(targetGroupArn, target));
  }

  read(): Promise<TargetReading[]> {
    return this.#exclusive(async () => {
      // While HAProxy is being repaired the last reading stands.
      if (this.#supervisor.alive) await this.#refresh();
      this.#report();
      return this.#pool.readings();
    });
  }

  watchRequests(listener: (requests: ServedRequest[]) => void): void {
    this.#watchers.push(listener);
  }

  /** Kills the worker that serves: its requests are lost, and HAProxy is started again as after any death. */
  async kill(): Promise<void> {
    const { worker } = this.#supervisor.pids;
    if (worker) process.kill(worker, 'SIGKILL');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue.catch(() => {});
    await this.#supervisor.close();
    this.#log.close();
  }

  /** Tells the watchers of the requests since the last time. */
  #report(): void {
    const requests = this.#log.read(this.#routing);
    if (requests.length > 0) for (const watcher of this.#watchers) watcher(requests);
  }

  /** One at a time and in order: a reload must see every server that was added before it. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      if (this.#closed) throw new Error('the balancer is closed');
      return work();
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  /** A change over the socket. The pool notes it first, so if HAProxy dies meanwhile the repair makes it so. */
  #runtime(work: () => Promise<void>): Promise<void> {
    return this.#exclusive(async () => {
      try {
        await work();
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    });
  }

  async #refresh(): Promise<void> {
    try {
      await this.#observe();
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  async #observe(): Promise<void> {
    const csv = await this.#supervisor.ask(showServers);
    const old = new Map<number, ServerStat[]>();
    for (const pid of this.#supervisor.oldWorkers) {
      const answer = await this.#supervisor.askOld(pid, showServers).catch(() => '');
      // A missing answer says nothing: requests that were in flight there count until the worker is gone.
      old.set(pid, answer.includes('pxname') ? parseStat(answer) : (this.#oldStats.get(pid) ?? []));
    }
    this.#oldStats = old;
    await this.#pool.observe(parseStat(csv), [...old.values()].flat(), (arn) => this.#group(arn));
    await this.#pool.bury();
  }

  #compose = (socket: string): string => {
    for (const [name, lines] of Object.entries(this.#rendered.maps)) this.#files.write(name, `${lines.join('\n')}\n`);
    for (const [name, text] of Object.entries(this.#rendered.pages)) this.#files.write(name, text);
    this.#pool.keepOnly(new Set(this.#routing.targetGroups.map((group) => group.arn)));
    this.#files.write(leavingFile, `${this.#pool.leaving().join('\n')}\n`);
    this.#files.write(
      stateFileName,
      this.#pool.stateFile((arn) => this.#group(arn)),
    );
    return configuration(this.#rendered, {
      socket,
      stateFile: stateFileName,
      maxConnections: maxConnections(),
      servers: (backend) => this.#pool.serverLines(backend, (arn) => this.#group(arn)),
    });
  };

  async #launch(): Promise<void> {
    await this.#supervisor.start(this.#compose);
  }

  async #reload(): Promise<void> {
    await this.#refresh();
    await this.#supervisor.reload(this.#compose);
    this.#pool.reloaded();
  }

  #group(targetGroupArn: string): TargetGroupRecord {
    const group = this.#routing.targetGroups.find((candidate) => candidate.arn === targetGroupArn);
    if (!group)
      throw new Error(`the balancer does not know the target group ${targetGroupArn} (${backendName(targetGroupArn)})`);
    return group;
  }

  #onDeath(how: string): void {
    if (this.#closed) return;
    this.options.report(new Error(`HAProxy exited unexpectedly (${how}); starting it again`));
    const repair = (): void => {
      this.#exclusive(() => this.#launch()).then(
        () => {
          this.#repairs = 0;
        },
        (error) => {
          if (this.#closed) return;
          this.options.report(error);
          this.#repairs++;
          this.options.clock.after(Math.min(5000, 100 * 2 ** this.#repairs), repair);
        },
      );
    };
    repair();
  }
}

/** All of a rendering that only a reload can change. */
function structure({ frontends, backends, maps, pages }: Rendered): string {
  return JSON.stringify([frontends, backends, Object.keys(maps), Object.keys(pages)]);
}

function placeOf(bind: string): { address: string; port: number } {
  const [address = '', port = ''] = bind.trim().split(' ')[1]?.split(':') ?? [];
  return { address, port: Number(port) };
}

function isGone(error: unknown): boolean {
  return ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');
}
