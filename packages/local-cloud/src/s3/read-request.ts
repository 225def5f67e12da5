import type { IncomingMessage } from 'node:http';
import { createPayload } from './payload.ts';
import type { S3Request } from './request.ts';
import { invalidUri, type SignedHead } from './signature.ts';

/** What is signed of a request. */
export function headOf(request: IncomingMessage): SignedHead {
  const url = request.url ?? '';
  const at = url.indexOf('?');
  return {
    method: request.method ?? '',
    path: at < 0 ? url : url.slice(0, at),
    query: at < 0 ? '' : url.slice(at + 1),
    headers: request.headersDistinct,
  };
}

/**
 * The request as the operations see it.
 * @throws S3Error `InvalidURI` for paths and queries that are not UTF-8
 */
export function readRequest(head: SignedHead, region: string, body: AsyncIterable<Buffer>): S3Request {
  const header = (name: string) => head.headers[name]?.join(',');
  return {
    method: head.method,
    ...target(head),
    query: readQuery(head.query),
    header,
    headerNames: Object.keys(head.headers),
    region,
    payload: createPayload(body, ofBody(head, header)),
  };
}

/** Checksums in the headers of a completion are those of the object, not of the document that is sent. */
function ofBody({ method, query }: SignedHead, header: S3Request['header']): S3Request['header'] {
  const completes = method === 'POST' && readQuery(query).has('uploadId');
  return completes ? (name) => (name.startsWith('x-amz-checksum-') ? undefined : header(name)) : header;
}

/** Bucket and key from the path, or the bucket from the host's name where that says one. */
export function target({ path, headers }: Pick<SignedHead, 'path' | 'headers'>): { bucket: string; key: string } {
  if (!path.startsWith('/')) throw invalidUri();
  const virtual = bucketOfHost(headers.host?.[0] ?? '');
  if (virtual !== undefined) return { bucket: virtual, key: decode(path.slice(1)) };
  const at = path.indexOf('/', 1);
  if (at < 0) return { bucket: decode(path.slice(1)), key: '' };
  return { bucket: decode(path.slice(1, at)), key: decode(path.slice(at + 1)) };
}

/** `bucket.localhost`, `bucket.s3.localhost` and S3's own names; other hosts name no bucket. */
function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const base = /^(?:(.+)\.)?s3(?:\.localhost|(?:[.-][a-z0-9-]+)?\.amazonaws\.com)$/.exec(name);
  if (base) return base[1];
  return /^(.+)\.localhost$/.exec(name)?.[1];
}

function readQuery(query: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const part of query.split('&').filter(Boolean)) {
    const at = part.indexOf('=');
    const name = decode((at < 0 ? part : part.slice(0, at)).replaceAll('+', ' '));
    const value = at < 0 ? '' : decode(part.slice(at + 1).replaceAll('+', ' '));
    if (!pairs.has(name)) pairs.set(name, value);
  }
  return pairs;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUri();
  }
}
