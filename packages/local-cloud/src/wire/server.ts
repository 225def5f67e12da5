import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallRecord } from '../calls/record.ts';
import { parseAuthorization } from './authorization.ts';
import { readBody } from './body.ts';
import { createResponder, type Responder } from './respond.ts';
import type { ResponderOptions } from './responder-options.ts';

export interface WireServerOptions extends ResponderOptions {
  /**
   * Answers paths under `/_local/`, which carry no signature; false when it does not know the path. A path it has taken it
   * must answer, itself.
   */
  control?: (request: IncomingMessage, response: ServerResponse, path: string) => boolean | Promise<boolean>;
  /** S3, which is not a service of the query protocol: it answers whole requests itself. */
  s3?: RequestService;
  /** Service Quotas, which speaks JSON. */
  quotas?: RequestService;
  /** Largest body in bytes; 1 MiB by default. */
  bodyLimit?: number;
  /** Milliseconds of real time until slow callers are cut off. */
  timeouts?: {
    /** For the headers, counted from the connection or the end of the request before. */
    headers: number;
    /** For the whole request. */
    request: number;
    /** How long an idle connection is kept. */
    idle: number;
  };
}

/** A service that reads its requests and writes its answers itself. */
export interface RequestService {
  /** Answers the request; rejects only for a defect. The record says what was answered. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<Omit<CallRecord, 'at' | 'ms'>>;
}

export interface WireServer {
  /**
   * Begins to listen; port 0 takes a free one.
   * @throws Error of Node, e.g. `EADDRINUSE`.
   */
  listen(host: string, port: number): Promise<{ port: number }>;
  /** Takes no more requests, answers those in work (at most `graceMs`), then cuts all connections. */
  close(graceMs?: number): Promise<void>;
}

const defaultTimeouts = { headers: 10_000, request: 30_000, idle: 75_000 };

/**
 * The HTTP side of the local cloud. Nothing that a caller sends makes it throw.
 * @throws Error when a table holds an operation whose shapes were not extracted.
 */
export function createWireServer(options: WireServerOptions): WireServer {
  const respond = createResponder(options);
  const { headers, request, idle } = options.timeouts ?? defaultTimeouts;
  let inWork = 0;
  let whenIdle: (() => void) | undefined;

  const server = createServer(
    {
      headersTimeout: headers,
      requestTimeout: request,
      keepAliveTimeout: idle,
      connectionsCheckingInterval: Math.min(1000, Math.ceil(Math.min(headers, request) / 2)),
    },
    (req, res) => {
      inWork++;
      answer(req, res, respond, options)
        .catch((error: unknown) => {
          options.report(error);
          fail(res);
        })
        .finally(() => {
          inWork--;
          if (inWork === 0) whenIdle?.();
        });
    },
  );

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          server.on('error', options.report);
          resolve({ port: (server.address() as AddressInfo).port });
        });
      }),
    close: (graceMs = 2000) =>
      new Promise((resolve) => {
        // Not listening any more (or not yet) is what is wanted: no error.
        server.close(() => resolve());
        const cut = () => {
          grace.cancel();
          server.closeAllConnections();
        };
        const grace = options.clock.after(graceMs, cut);
        whenIdle = cut;
        if (inWork === 0) cut();
      }),
  };
}

async function answer(req: IncomingMessage, res: ServerResponse, respond: Responder, options: WireServerOptions) {
  const url = req.url ?? '/';
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  // As https://checkip.amazonaws.com does for AWS: who asks, seen from here.
  if (path === '/_local/address') {
    send(res, 200, 'text/plain', `${req.socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''}\n`);
    return;
  }
  if (path.startsWith('/_local/')) {
    if (!(await options.control?.(req, res, path))) send(res, 404, 'text/plain', `there is no ${path} here\n`);
    return;
  }
  const own = isForQuotas(req) ? options.quotas : isForS3(req, url, path) ? options.s3 : undefined;
  if (own) {
    const began = options.clock.now();
    const record = await own.answer(req, res);
    await finished(res);
    options.onCall?.({ ...record, at: began, ms: options.clock.now() - began });
    return;
  }
  const body = await readBody(req, options.bodyLimit ?? 1024 * 1024);
  if (body === undefined) return;
  const query = at < 0 ? '' : url.slice(at + 1);
  const reply = await respond({ path, method: req.method ?? '', query, headers: req.headersDistinct, body });
  if (reply.cut) {
    req.socket.destroy();
    return;
  }
  res.setHeader('x-amzn-requestid', reply.requestId);
  if (body === 'too-large') res.setHeader('connection', 'close');
  for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value);
  send(res, reply.status, reply.headers?.['content-type'] ?? 'text/xml;charset=UTF-8', reply.document);
  await finished(res);
}

function isForQuotas(req: IncomingMessage): boolean {
  return parseAuthorization(req.headers.authorization ?? '')?.service === 'servicequotas';
}

/** By the service in the signature's scope. What carries none, or one in the query, is for S3 where there is more than `/`. */
function isForS3(req: IncomingMessage, url: string, path: string): boolean {
  const header = req.headers.authorization;
  if (header !== undefined) return parseAuthorization(header)?.service === 's3';
  const service = /[?&]X-Amz-Credential=[^&]*(?:%2F|\/)([^&%/]+)(?:%2F|\/)aws4_request(?:&|$)/i.exec(url)?.[1];
  return service === undefined ? path !== '/' : service === 's3';
}

function send(res: ServerResponse, status: number, type: string, text: string | Uint8Array): void {
  res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** Waits until the answer has been handed to the system, or its reader is gone. */
function finished(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (res.writableFinished || res.destroyed) return resolve();
    res.once('finish', resolve).once('close', resolve);
  });
}

/** The last resort: something of ours failed outside any call. */
function fail(res: ServerResponse): void {
  if (res.headersSent) res.destroy();
  else send(res, 500, 'text/plain', 'internal error; the local cloud has it in its log\n');
}
