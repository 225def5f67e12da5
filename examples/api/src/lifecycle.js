import { Server } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/**
 * Two ways to go without a failed request.
 * `handOver`, when another process has taken the listening socket: no more is accepted, what is open is answered with
 * `Connection: close`, and a connection that says nothing is left to its client for up to `lingerMs`: closing it could meet a request.
 * `stop`: `stopping` is seen by the health route first; for `delayMs` the server still accepts and
 * answers, with `Connection: close`, so that no client keeps a connection; then it accepts no more, waits for what is in flight,
 * closes what is idle. After `timeoutMs` it cuts what is left.
 */
export function createLifecycle(server) {
  let stopping = false;
  let leaving = false;
  const inFlight = new Set();

  server.on('request', (_request, response) => {
    inFlight.add(response);
    if (stopping || leaving) response.setHeader('connection', 'close');
    response.once('close', () => inFlight.delete(response));
  });

  /** Requests in flight are the last ones of their connections. */
  function lastAnswers() {
    for (const response of inFlight) if (!response.headersSent) response.setHeader('connection', 'close');
  }

  /** Accepts no more; resolves when no connection is open. Not server.close(): since Node 19 that closes idle connections at once. */
  const closeListener = () => new Promise((resolve) => Server.prototype.close.call(server, resolve));

  /** Resolves with whether all connections have ended by themselves, and how long it took. */
  async function handOver({ lingerMs }) {
    const started = Date.now();
    leaving = true;
    lastAnswers();
    const closed = closeListener().then(() => true);
    const limit = new AbortController();
    const clean = await Promise.race([closed, sleep(lingerMs, false, { signal: limit.signal })]);
    limit.abort();
    return { clean, seconds: (Date.now() - started) / 1000 };
  }

  /** Resolves with whether everything in flight was answered, and how long it took. */
  async function stop({ delayMs, timeoutMs }) {
    const started = Date.now();
    stopping = true;
    lastAnswers();
    await sleep(leaving ? 0 : delayMs);
    const closed = closeListener();
    const clean = await drained(started + timeoutMs);
    if (clean) server.closeIdleConnections();
    else server.closeAllConnections();
    await closed;
    return { clean, seconds: (Date.now() - started) / 1000 };
  }

  /** True once nothing is in flight for three turns of the event loop, in which requests already received are read; false at the deadline. */
  async function drained(deadline) {
    for (let quiet = 0; quiet < 3; quiet++) {
      if (inFlight.size > 0) {
        const [response] = inFlight;
        const left = deadline - Date.now();
        if (left <= 0 || !(await endsWithin(response, left))) return false;
        quiet = -1;
        continue;
      }
      await nextTurn();
    }
    return true;
  }

  return {
    get stopping() {
      return stopping;
    },
    stop,
    handOver,
    closeListener,
  };
}

/** Whether a response ends, answered or cut by the client, within `ms`. */
async function endsWithin(response, ms) {
  const limit = new AbortController();
  try {
    return await Promise.race([
      new Promise((resolve) => response.once('close', () => resolve(true))),
      sleep(ms, false, { signal: limit.signal }),
    ]);
  } finally {
    limit.abort();
  }
}
