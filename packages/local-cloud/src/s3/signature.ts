import { type Authorization, parseAuthorization, signedAt } from '../wire/authorization.ts';
import { encodeRfc3986, isSignatureOf } from '../wire/canonical.ts';
import type { Credentials } from '../wire/signature.ts';
import { invalidRequest, S3Error } from './error.ts';

/** How far a request's time may be off, in milliseconds; S3 allows fifteen minutes. */
export const allowedSkew = 15 * 60_000;

/** Longest time that a presigned request may be good for, in seconds: a week. */
const longestExpiry = 604_800;

/** A request as far as its signature covers it, without the body: S3 signs its hash, or a word for it, as a header. */
export interface SignedHead {
  method: string;
  /** As sent. */
  path: string;
  /** Raw query string, without the question mark. */
  query: string;
  /** As `IncomingMessage.headersDistinct`. */
  headers: NodeJS.Dict<string[]>;
}

/**
 * Verifies the signature in the `Authorization` header or, presigned, in the query.
 * @param now Milliseconds since the epoch, of the callers' time.
 * @returns the region that was signed for
 * @throws S3Error in S3's codes
 */
export function verifyHead(
  head: SignedHead,
  credentials: Credentials,
  regions: readonly string[],
  now: number,
): string {
  const { authorization, at, basic, payload, query } = head.headers.authorization
    ? fromHeaders(head)
    : fromQuery(head, now);
  const { secretAccessKey } = keyOf(head, authorization, credentials, now);
  if (!regions.includes(authorization.region)) throw wrongRegion(authorization.region, regions[0] ?? '');
  if (!basic.startsWith(authorization.date)) {
    throw malformed(`Invalid credential date "${authorization.date}". This date is not the same as X-Amz-Date.`);
  }
  if (at > now + allowedSkew || (head.headers.authorization && at < now - allowedSkew)) throw skewed(at, now);
  checkSignedHeaders(authorization, head.headers);
  const parts = { ...head, path: canonicalPath(head.path), query, payload };
  if (!holds(() => isSignatureOf(parts, authorization, basic, secretAccessKey))) {
    const message =
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
    throw new S3Error('SignatureDoesNotMatch', message, 403, { AWSAccessKeyId: authorization.accessKeyId });
  }
  return authorization.region;
}

/** The secret behind the key that the request names: the account's own, or that of temporary credentials with their token. */
function keyOf(
  { headers, query }: SignedHead,
  { accessKeyId }: Authorization,
  credentials: Credentials,
  now: number,
): { secretAccessKey: string } {
  const presigned = headers.authorization ? undefined : new URLSearchParams(query).get('X-Amz-Security-Token');
  const token = headers['x-amz-security-token']?.[0] ?? presigned ?? undefined;
  if (token === undefined) {
    if (accessKeyId === credentials.accessKeyId) return credentials;
    const message = 'The AWS Access Key Id you provided does not exist in our records.';
    throw new S3Error('InvalidAccessKeyId', message, 403, { AWSAccessKeyId: accessKeyId });
  }
  const found = credentials.sessions?.find(accessKeyId, token, now) ?? 'unknown';
  if (found === 'unknown') {
    throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.', 400);
  }
  if (found === 'expired') throw new S3Error('ExpiredToken', 'The provided token has expired.', 400);
  return found;
}

/** A query that cannot be read is S3's own refusal. */
function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    throw invalidUri();
  }
}

/** The caller signed for another region than the bucket's, or one that is not served. */
function wrongRegion(region: string, expected: string): S3Error {
  const message = `The authorization header is malformed; the region '${region}' is wrong; expecting '${expected}'`;
  const headers = { 'x-amz-bucket-region': expected };
  return new S3Error('AuthorizationHeaderMalformed', message, 400, { Region: expected }, headers);
}

interface Claim {
  authorization: Authorization;
  at: number;
  basic: string;
  payload: string;
  query: string;
}

function fromHeaders({ headers, query }: SignedHead): Claim {
  const authorization = parseAuthorization(headers.authorization?.[0] ?? '');
  if (!authorization) throw malformed('The authorization header is malformed.');
  const date = signedAt(headers);
  if (!date) throw accessDenied('AWS authentication requires a valid Date or x-amz-date header');
  const payload = headers['x-amz-content-sha256']?.[0];
  if (payload === undefined) throw invalidRequest('Missing required header for this request: x-amz-content-sha256');
  if (!/^([0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]{1,60})$/.test(payload)) {
    const message =
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, or a valid sha256 value.';
    throw new S3Error('InvalidArgument', message, 400, { ArgumentName: 'x-amz-content-sha256' });
  }
  return { authorization, at: date.at, basic: date.basic, payload, query };
}

function fromQuery({ headers, query }: SignedHead, now: number): Claim {
  const values = new URLSearchParams(query);
  const value = (name: string) => values.get(name) ?? '';
  if (values.has('AWSAccessKeyId')) {
    const message = 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.';
    throw invalidRequest(message);
  }
  if (!values.has('X-Amz-Signature')) throw accessDenied('Access Denied');
  const authorization = parseAuthorization(
    `${value('X-Amz-Algorithm')} Credential=${value('X-Amz-Credential')}, SignedHeaders=${value('X-Amz-SignedHeaders')}, Signature=${value('X-Amz-Signature')}`,
  );
  const date = signedAt({ 'x-amz-date': [value('X-Amz-Date')] });
  const seconds = Number(value('X-Amz-Expires'));
  if (!authorization || !date || !(seconds >= 1 && seconds <= longestExpiry)) {
    const message =
      'Query-string authentication version 4 requires all its X-Amz- parameters, X-Amz-Expires from 1 to 604800';
    throw new S3Error('AuthorizationQueryParametersError', message, 400);
  }
  if (now > date.at + seconds * 1000) throw accessDenied('Request has expired');
  const rest = query.split('&').filter((part) => !part.startsWith('X-Amz-Signature='));
  const payload = headers['x-amz-content-sha256']?.[0] ?? 'UNSIGNED-PAYLOAD';
  return { authorization, at: date.at, basic: date.basic, payload, query: rest.join('&') };
}

/** S3 wants all of its own headers signed. */
function checkSignedHeaders({ signedHeaders }: Authorization, headers: NodeJS.Dict<string[]>): void {
  // A presigned request's hash may be sent without having been signed.
  const own = Object.keys(headers).filter((name) => name.startsWith('x-amz-') && name !== 'x-amz-content-sha256');
  const missing = ['host', ...own].filter((name) => !signedHeaders.includes(name));
  if (missing.length === 0) return;
  const details = { HeadersNotSigned: missing.join(', ') };
  throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', 403, details);
}

/** S3's path is escaped once, each segment for itself. */
function canonicalPath(path: string): string {
  try {
    return path
      .split('/')
      .map((segment) => encodeRfc3986(decodeURIComponent(segment)))
      .join('/');
  } catch {
    throw invalidUri();
  }
}

export function invalidUri(): S3Error {
  return new S3Error('InvalidURI', "Couldn't parse the specified URI.", 400);
}

function skewed(at: number, now: number): S3Error {
  const text = (time: number) => new Date(time).toISOString();
  const details = {
    RequestTime: text(at),
    ServerTime: text(now),
    MaxAllowedSkewMilliseconds: String(allowedSkew),
  };
  const message = 'The difference between the request time and the current time is too large.';
  return new S3Error('RequestTimeTooSkewed', message, 403, details);
}

function accessDenied(message: string): S3Error {
  return new S3Error('AccessDenied', message, 403);
}

function malformed(message: string): S3Error {
  return new S3Error('AuthorizationHeaderMalformed', message, 400);
}
