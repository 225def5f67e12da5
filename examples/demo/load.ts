import autocannon from 'autocannon';

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
  requests: number;
  failed: number;
  failures: Record<string, number>;
  seconds: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  max: number;
  /** Commits that each version said it was made from. */
  commits: Record<string, string[]>;
}

/** Requests a second; more than the 500 that the demo promises. */
const rate = 700;

/**
 * Sends a constant load with keep-alive connections until SIGTERM, one JSON line a second on stdout and the total at the end.
 * It runs in a process of its own, so that nothing of the demo can slow it down.
 */
export async function runLoad(url: string): Promise<void> {
  let second: LoadSecond = { at: Date.now(), versions: {}, failed: 0 };
  const commits: Record<string, Set<string>> = {};
  const failures: Record<string, number> = {};
  const fail = (why: string) => {
    second.failed++;
    failures[why] = (failures[why] ?? 0) + 1;
  };
  const started = Date.now();
  let done: (result: autocannon.Result) => void;
  const ended = new Promise<autocannon.Result>((resolve) => {
    done = resolve;
  });
  const options: autocannon.Options = {
    url: `${url}/version`,
    connections: 20,
    overallRate: rate,
    duration: 3600,
    timeout: 5,
    setupClient: (client) => {
      client.on('body', (body) => {
        const { version, commit } = parse(body);
        second.versions[version] = (second.versions[version] ?? 0) + 1;
        commits[version] ??= new Set();
        commits[version].add(commit);
      });
    },
  };
  const instance = autocannon(options, (error, result) => {
    if (error) throw error;
    done(result);
  });
  instance.on('response', (_client, status) => {
    if (status < 200 || status > 299) fail(`status ${status}`);
  });
  instance.on('reqError', (error) => fail(error instanceof Error ? error.message : String(error)));
  const tick = setInterval(() => {
    process.stdout.write(`${JSON.stringify(second)}\n`);
    second = { at: Date.now(), versions: {}, failed: 0 };
  }, 1000);
  process.once('SIGTERM', () => instance.stop());
  const result = await ended;
  clearInterval(tick);
  const total: LoadTotal = {
    requests: result.requests.total,
    // Connections that the end of the load cuts are no failures; all else is.
    failed: result.errors + result.timeouts + result.non2xx,
    failures,
    seconds: (Date.now() - started) / 1000,
    p50: result.latency.p50,
    p99: result.latency.p99,
    max: result.latency.max,
    commits: Object.fromEntries(Object.entries(commits).map(([version, set]) => [version, [...set]])),
  };
  process.stdout.write(`${JSON.stringify({ total })}\n`);
}

function parse(body: Buffer | string): { version: string; commit: string } {
  try {
    const { version, commit } = JSON.parse(body.toString());
    return { version: String(version), commit: String(commit) };
  } catch {
    return { version: 'none', commit: 'none' };
  }
}
