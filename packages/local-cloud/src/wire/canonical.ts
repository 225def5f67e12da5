import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Authorization } from './authorization.ts';
import { CloudError } from './handler.ts';

/** What a signature covers. */
export interface CanonicalParts {
  method: string;
  /** The canonical path: escaped once for S3; the query services have only `/`. */
  path: string;
  /** Raw query string, without the question mark. */
  query: string;
  /** As `IncomingMessage.headersDistinct`. */
  headers: NodeJS.Dict<string[]>;
  /** SHA-256 of the body in hexadecimal, or the word that stands for it. */
  payload: string;
}

/**
 * True when the signature is that of these parts.
 * @param basicDate `YYYYMMDDTHHMMSSZ`
 * @throws CloudError `MalformedQueryString` for a wrong escape in the query
 */
export function isSignatureOf(
  parts: CanonicalParts,
  authorization: Authorization,
  basicDate: string,
  secret: string,
): boolean {
  const { date, region, service, signedHeaders, signature } = authorization;
  const scope = [date, region, service, 'aws4_request'];
  const toSign = ['AWS4-HMAC-SHA256', basicDate, scope.join('/'), sha256(canonicalRequest(parts, signedHeaders))].join(
    '\n',
  );
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex'));
}

/** As AWS defines it. */
function canonicalRequest({ method, path, query, headers, payload }: CanonicalParts, signedHeaders: string[]): string {
  const lines = signedHeaders.map((name) => {
    const values = (headers[name] ?? []).map((value) => value.trim().replace(/\s+/g, ' '));
    return `${name}:${values.join(',')}\n`;
  });
  const pairs = query
    .split('&')
    .filter(Boolean)
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [unify(part), ''] : [unify(part.slice(0, at)), unify(part.slice(at + 1))];
    })
    .sort(([a = '', x = ''], [b = '', y = '']) => order(a, b) || order(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return [method, path, pairs, lines.join(''), signedHeaders.join(';'), payload].join('\n');
}

/** Unifies the escapes of a piece of a query string to RFC 3986's. */
function unify(text: string): string {
  try {
    return encodeRfc3986(decodeURIComponent(text.replaceAll('+', '%20')));
  } catch {
    throw new CloudError('MalformedQueryString', 'The query string holds a wrong escape.');
  }
}

/** Escapes all but letters, digits and `-._~`. @throws URIError for text with half a surrogate pair */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
