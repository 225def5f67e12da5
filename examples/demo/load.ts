import { Pool } from 'undici';

/** What the load saw in one second. */
export interface LoadSecond {
  /** Milliseconds since the epoch. */
  at: number;
  /** Answers by version. */
  versions: Record<string, number>;
  failed: number;
}

/** What the load saw in all. */
export interface LoadTotal {
  /** Answered and failed ones: all that were sent. */
  requests: number;
  failed: number;
  failures: Record<string, number>;
  seconds: number;
  /** Milliseconds, of answered requests. */
  p50: number;
  p99: number;
  max: number;
  /** Commits that each version said it was made from. */
  commits: Record<string, string[]>;
}

/** Requests a second; more than the 500 that the demo promises. */
const defaultRate = 700;
const connections = 20;
const timeoutMs = 5000;

/**
 * Sends a constant load with keep-alive connections until SIGTERM, one JSON line a second on stdout and the total at the end.
 * @param rate Requests a second.
 */
export async function runLoad(url: string, rate = defaultRate): Promise<void> {
  const load = new Load(`${url}/version`, { rate, connections, timeoutMs });
  const tick = setInterval(() => process.stdout.write(`${JSON.stringify(load.takeSecond())}\n`), 1000);
  // Ctrl-C of the demo, or the end of its terminal, is for its commands: the load goes on until they are done.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  await new Promise((resolve) => process.once('SIGTERM', resolve));
  clearInterval(tick);
  process.stdout.write(`${JSON.stringify({ total: await load.stop() })}\n`);
}

/**
 * A constant load on `url`, every request accounted for: answered with 2xx, or failed. Requests are sent evenly at the given rate
 * whether or not earlier ones were answered, so that an outage of a moment meets requests; nothing is sent a second time, so a
 * connection that is closed before the answer fails its request. (autocannon sends each second's requests in one burst, and connects
 * again without a word when a connection is closed on a request.)
 */
export class Load {
  readonly #started = Date.now();
  readonly #begun = performance.now();
  readonly #pool: Pool;
  readonly #path: string;
  readonly #pacer: NodeJS.Timeout;
  readonly #open = new Set<Promise<void>>();
  readonly #failures: Record<string, number> = {};
  readonly #commits: Record<string, Set<string>> = {};
  readonly #latencies: number[] = [];
  #second: LoadSecond = { at: Date.now(), versions: {}, failed: 0 };
  #sent = 0;

  constructor(url: string, options: { rate: number; connections: number; timeoutMs: number }) {
    const { origin, pathname } = new URL(url);
    const { timeoutMs: limit } = options;
    this.#path = pathname;
    this.#pool = new Pool(origin, {
      connections: options.connections,
      pipelining: 1,
      connectTimeout: limit,
      headersTimeout: limit,
      bodyTimeout: limit,
    });
    this.#pacer = setInterval(() => {
      const due = ((performance.now() - this.#begun) * options.rate) / 1000;
      while (this.#sent < due) this.#send();
    }, 5);
  }

  /** What was seen since the last call. */
  takeSecond(): LoadSecond {
    const taken = this.#second;
    this.#second = { at: Date.now(), versions: {}, failed: 0 };
    return taken;
  }

  /** Ends the load when every request has its answer or has failed. */
  async stop(): Promise<LoadTotal> {
    clearInterval(this.#pacer);
    const seconds = (Date.now() - this.#started) / 1000;
    await Promise.all(this.#open);
    await this.#pool.close();
    const failed = Object.values(this.#failures).reduce((sum, count) => sum + count, 0);
    const latencies = Float64Array.from(this.#latencies).sort();
    const percentile = (share: number) =>
      Math.round((latencies[Math.max(0, Math.ceil(latencies.length * share) - 1)] ?? 0) * 10) / 10;
    return {
      requests: latencies.length + failed,
      failed,
      failures: { ...this.#failures },
      seconds,
      p50: percentile(0.5),
      p99: percentile(0.99),
      max: percentile(1),
      commits: Object.fromEntries(Object.entries(this.#commits).map(([version, set]) => [version, [...set]])),
    };
  }

  #send(): void {
    this.#sent++;
    const request = this.#request().catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      this.#second.failed++;
      this.#failures[why] = (this.#failures[why] ?? 0) + 1;
    });
    this.#open.add(request);
    void request.finally(() => this.#open.delete(request));
  }

  async #request(): Promise<void> {
    const sent = performance.now();
    const { statusCode, body } = await this.#pool.request({ method: 'GET', path: this.#path });
    const text = await body.text();
    if (statusCode < 200 || statusCode > 299) throw new Error(`status ${statusCode}`);
    this.#latencies.push(performance.now() - sent);
    const { version, commit } = parse(text);
    this.#second.versions[version] = (this.#second.versions[version] ?? 0) + 1;
    this.#commits[version] ??= new Set();
    this.#commits[version].add(commit);
  }
}

function parse(body: string): { version: string; commit: string } {
  try {
    const { version, commit } = JSON.parse(body);
    return { version: String(version), commit: String(commit) };
  } catch {
    return { version: 'none', commit: 'none' };
  }
}
