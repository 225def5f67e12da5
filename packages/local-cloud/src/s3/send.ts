import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { S3Error } from './error.ts';
import type { S3Response } from './response.ts';
import { escapeText, tag } from './xml.ts';

/** Sends an answer; resolves when it was handed over or its reader is gone. Rejects when a file cannot be read. */
export async function send(response: ServerResponse, method: string, answer: S3Response): Promise<void> {
  const { status, headers = {}, body } = answer;
  if (typeof body === 'string') {
    const type = { 'content-type': 'application/xml', 'content-length': String(Buffer.byteLength(body)) };
    response.writeHead(status, { ...type, ...headers }).end(method === 'HEAD' ? undefined : body);
    return;
  }
  response.writeHead(
    status,
    body || method === 'HEAD' || noBody(status) ? headers : { ...headers, 'content-length': '0' },
  );
  if (!body) {
    response.end();
    return;
  }
  try {
    if (body.length === 0) response.end();
    else await pipeline(body.stream(), response);
  } catch (error) {
    // The reader may go away at any time.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    await body.close();
  }
}

function noBody(status: number): boolean {
  return status === 204 || status === 304;
}

/** The answer to a refused request; requests by HEAD get none of its words. */
export function refusal(
  error: S3Error,
  method: string,
  resource: string,
  ids: { request: string; host: string },
): S3Response {
  const { status, code, message, details, headers } = error;
  if (method === 'HEAD' || noBody(status))
    return { status, headers: { ...headers, 'content-type': 'application/xml' } };
  const facts = Object.entries(details).map(([name, value]) => tag(name, value));
  const about = `<Resource>${escapeText(resource)}</Resource>${tag('RequestId', ids.request)}${tag('HostId', ids.host)}`;
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${tag('Code', code)}${tag('Message', message)}${facts.join('')}${about}</Error>`;
  return { status, headers: { ...headers }, body };
}
