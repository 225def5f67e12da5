import { createHash, createHmac } from 'node:crypto';

export interface Signing {
  service: string;
  region: string;
  /** Milliseconds since the epoch. */
  at: number;
  host: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  body: string | Uint8Array;
  method?: string;
  query?: string;
  path?: string;
  headers?: Record<string, string>;
  /** Scope's date, when it is not the request's. */
  scopeDate?: string;
}

/** The headers of a request signed by AWS's description, independent of the code under test. */
export function signRequest(options: Signing): Record<string, string> {
  const { service, region, credentials, body, method = 'POST', query = '', path = '/' } = options;
  const basic = `${new Date(options.at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const headers: Record<string, string> = { host: options.host, 'x-amz-date': basic, ...options.headers };
  const names = Object.keys(headers).sort();
  const signedNames = names.join(';');
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const canonical = [method, path, query, lines, signedNames, sha256(body)].join('\n');
  const scope = `${options.scopeDate ?? basic.slice(0, 8)}/${region}/${service}/aws4_request`;
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${basic}\n${scope}\n${sha256(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedNames}, Signature=${signature}`;
  return { ...headers, authorization };
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
