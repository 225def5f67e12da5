import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Load } from '../../examples/demo/load.ts';

let server: Server;
let load: Load;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const answer = (response: ServerResponse) => response.end(JSON.stringify({ version: 'v1', commit: 'abc' }));

/** Sends a load to a server and waits until `requests` of its requests have come; `reply` gets the number of each. */
async function loaded(requests: number, reply: (response: ServerResponse, number: number) => unknown) {
  let count = 0;
  let reached: (() => void) | undefined;
  const enough = new Promise<void>((resolve) => (reached = resolve));
  server = createServer((_request, response) => {
    reply(response, ++count);
    if (count >= requests) reached?.();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  load = new Load(`http://127.0.0.1:${port}/`, { rate: 200, connections: 4, timeoutMs: 500 });
  await enough;
  return load.stop();
}

describe('Load', () => {
  it('counts the answers by version and commit, and none as failed', async () => {
    const total = await loaded(100, answer);
    expect(total).toMatchObject({ failed: 0, failures: {}, commits: { v1: ['abc'] } });
    expect(total.requests).toBeGreaterThanOrEqual(100);
    expect(total.max).toBeGreaterThan(0);
    expect(load.takeSecond()).toMatchObject({ versions: { v1: total.requests }, failed: 0 });
  });

  // One of ten, exactly: none is counted twice, and none is sent again.
  const cuts = (total: { requests: number; failed: number }) => {
    expect(total.requests).toBeGreaterThanOrEqual(100);
    expect(total.failed).toBe(Math.floor(total.requests / 10));
  };

  it('counts a request whose connection is closed before the answer', async () => {
    cuts(await loaded(100, (response, at) => (at % 10 === 0 ? response.socket?.end() : answer(response))));
  });

  it('counts an answer that ends in the middle', async () => {
    cuts(
      await loaded(100, (response, at) => {
        if (at % 10 !== 0) return answer(response);
        response.writeHead(200, { 'content-length': 1000 });
        response.write('half of it', () => response.socket?.end());
      }),
    );
  });

  it('counts connections that are reset, and error answers', async () => {
    const total = await loaded(100, (response, at) => {
      if (at % 20 === 0) response.socket?.resetAndDestroy();
      else if (at % 10 === 0) response.writeHead(503).end();
      else answer(response);
    });
    cuts(total);
    expect(total.failures['status 503']).toBeGreaterThanOrEqual(5);
  });

  it('counts a request without an answer in time', async () => {
    const total = await loaded(100, (response, at) => (at === 10 ? undefined : answer(response)));
    expect(total.failed).toBe(1);
  });
});
