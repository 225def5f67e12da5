import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';

/** A request as a peer has got it. */
export interface Got {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent; the contract checks it.
  body: any;
}

/** How a peer answers; `after` is what it waits for, `lost` takes the request and gives no answer, `silent` keeps the connection open. */
export type Answer =
  | { status: number; json?: unknown; text?: string; headers?: Record<string, string>; after?: Promise<void> }
  | 'lost'
  | 'silent';

/** One call that an API documents: what it needs, and what it answers. */
export interface Call {
  method: string;
  path: RegExp;
  headers: Record<string, RegExp>;
  body?: z.ZodType;
  answer(got: Got): Answer;
}

/**
 * A stand-in for the API of a service on loopback: each request is compared with what the API documents, and one that does not fit is
 * answered with 400 and kept in `violations`.
 */
export async function startPeer(contract: readonly Call[]) {
  const got: Got[] = [];
  const violations: string[] = [];
  /** Answers that come before those of the contract, first to last. */
  const next: Answer[] = [];
  const answerOf = (request: Got): Answer => {
    const call = contract.find(({ method, path }) => method === request.method && path.test(request.path));
    const wrong = call ? mistakes(call, request) : [`no such call: ${request.method} ${request.path}`];
    violations.push(...wrong);
    if (!call || wrong.length > 0) return { status: 400, json: { message: wrong.join('; ') } };
    return next.shift() ?? call.answer(request);
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      const text = Buffer.concat(parts).toString('utf8');
      const { method = '', url = '', headers } = request;
      const seen: Got = { method, path: url, headers, text, body: text === '' ? undefined : JSON.parse(text) };
      got.push(seen);
      const answer = answerOf(seen);
      if (answer === 'silent') return;
      if (answer === 'lost') return void request.socket.destroy();
      await answer.after;
      response.writeHead(answer.status, answer.headers);
      response.end(answer.text ?? JSON.stringify(answer.json ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  onTestFinished(close);
  return { url: `http://127.0.0.1:${port}`, port, got, violations, next, close };
}

function mistakes({ headers, body }: Call, request: Got): string[] {
  const wrong = Object.entries(headers)
    .filter(([name, pattern]) => !pattern.test(String(request.headers[name])))
    .map(([name]) => `header ${name} of ${request.path}: ${request.headers[name]}`);
  const parsed = body?.safeParse(request.body);
  return [
    ...wrong,
    ...(parsed?.error?.issues ?? []).map((one) => `${request.path} ${one.path.join('.')}: ${one.message}`),
  ];
}
