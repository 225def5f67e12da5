import { createServer } from 'node:http';
import findMyWay from 'find-my-way';
import { createLifecycle } from './lifecycle.js';
import { log } from './log.js';
import { availability, eventAvailability } from './tickets.js';

/** Longer than the balancer keeps idle connections (60 s by default), so that it is never us who closes one first. */
const keepAliveTimeoutMs = 65_000;

/**
 * The HTTP service, not yet listening.
 * @param {{config: object, release: {app: string, version: string, commit: string}, host: string}} parts
 */
export function createApi({ config, release, host }) {
  const router = findMyWay({
    ignoreTrailingSlash: true,
    defaultRoute: (request, response) => send(response, 404, { error: `nothing at ${request.method} ${request.url}` }),
  });
  const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs, headersTimeout: keepAliveTimeoutMs + 1000 });
  const lifecycle = createLifecycle(server);

  router.get('/health', (_request, response) => {
    if (lifecycle.stopping) return send(response, 503, { status: 'stopping' });
    if (config.healthy !== true)
      return send(response, 503, { status: 'broken', reason: 'config.json says healthy: false' });
    send(response, 200, { status: 'ok' });
  });
  router.get('/version', (_request, response) => send(response, 200, { ...release, host, pid: process.pid }));
  router.get('/', (_request, response) => send(response, 200, availability(config)));
  router.get('/events/:id', (_request, response, { id }) => {
    const event = eventAvailability(config, id);
    send(response, event ? 200 : 404, event ?? { error: `no event '${id}'` });
  });

  server.on('request', (request, response) => {
    response.setHeader('x-release', release.version);
    try {
      router.lookup(request, response);
    } catch (error) {
      log('error', 'request failed', { error: error.stack });
      if (!response.headersSent) send(response, 500, { error: 'internal error' });
      else response.destroy();
    }
  });

  /** The old listener is closed and the new one opened without an event in between. */
  const listen = (where) =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(where, () => {
        server.off('error', reject);
        resolve({ host: server.address().address, port: server.address().port });
      });
    });

  return {
    server,
    /** Resolves with `{host, port}` once connections are accepted. A held socket is only taken at once when there is no `port`. */
    listen: ({ host: bind, port, fd }) => listen(port === undefined ? { fd } : { host: bind, port }),
    /** Accepts from the held socket, and then no more from where we were checked. */
    take: ({ fd }) => {
      lifecycle.closeListener();
      return listen({ fd });
    },
    handOver: lifecycle.handOver,
    stop: lifecycle.stop,
  };
}

function send(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
