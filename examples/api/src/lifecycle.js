import { Server } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/**
 * A stop without a failed request: `stopping` is seen by the health route first; for `delayMs` the server still accepts and
 * answers, with `Connection: close`, so that no client keeps a connection; then it accepts no more, waits for what is in flight,
 * closes what is idle. After `timeoutMs` it cuts what is left.
 */
export function createLifecycle(server) {
  let stopping = false;
  const inFlight = new Set();

  server.on('request', (_request, response) => {
    inFlight.add(response);
    if (stopping) response.setHeader('connection', 'close');
    response.once('close', () => inFlight.delete(response));
  });

  /** Resolves with whether everything in flight was answered, and how long it took. */
  async function stop({ delayMs, timeoutMs }) {
    const started = Date.now();
    stopping = true;
    for (const response of inFlight) if (!response.headersSent) response.setHeader('connection', 'close');
    await sleep(delayMs);
    // Not server.close(): since Node 19 that closes idle connections at once, also one whose next request is just arriving.
    const closed = new Promise((resolve) => Server.prototype.close.call(server, resolve));
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
