import { createHash, createHmac } from 'node:crypto';
import { credentials, region } from './start-s3.ts';

export interface RawRequest {
  method: string;
  /** As it is sent, escaped, with its query. */
  url: string;
  host: string;
  headers?: Record<string, string>;
  /** Value of x-amz-content-sha256; the hash of nothing by default. */
  payload?: string;
  at?: number;
  region?: string;
}

/** The headers of a request signed by S3's description, independent of the code under test. */
export function signS3(request: RawRequest): Record<string, string> {
  const { method, url, host, payload = sha256(''), at = Date.now() } = request;
  const basic = `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const headers: Record<string, string> = {
    ...request.headers,
    host,
    'x-amz-content-sha256': payload,
    'x-amz-date': basic,
  };
  const names = Object.keys(headers).sort();
  const [path = '', query = ''] = url.split('?');
  const pairs = query.split('&').filter(Boolean).sort();
  const canonical = [
    method,
    path,
    pairs.map((pair) => (pair.includes('=') ? pair : `${pair}=`)).join('&'),
    names.map((name) => `${name}:${headers[name]}\n`).join(''),
    names.join(';'),
    payload,
  ].join('\n');
  const scope = `${basic.slice(0, 8)}/${request.region ?? region}/s3/aws4_request`;
  const signature = seal(scope, basic, canonical);
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** A path with the query that makes it good for `seconds` from `at` on, signed by S3's description. */
export function presignS3({
  url,
  host,
  at,
  seconds,
  keys = credentials,
}: {
  url: string;
  host: string;
  at: number;
  seconds: number;
  keys?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}): string {
  const basic = `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const scope = `${basic.slice(0, 8)}/${region}/s3/aws4_request`;
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${keys.accessKeyId}/${scope}`)}`,
    `X-Amz-Date=${basic}`,
    `X-Amz-Expires=${seconds}`,
    ...(keys.sessionToken === undefined ? [] : [`X-Amz-Security-Token=${encodeURIComponent(keys.sessionToken)}`]),
    'X-Amz-SignedHeaders=host',
  ].join('&');
  const canonical = ['GET', url, query, `host:${host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  return `${url}?${query}&X-Amz-Signature=${seal(scope, basic, canonical, keys.secretAccessKey)}`;
}

function seal(scope: string, basic: string, canonical: string, secret = credentials.secretAccessKey): string {
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return hmac(key, `AWS4-HMAC-SHA256\n${basic}\n${scope}\n${sha256(canonical)}`).toString('hex');
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
