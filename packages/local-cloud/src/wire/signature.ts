import { type Authorization, parseAuthorization, signedAt } from './authorization.ts';
import { isSignatureOf, sha256 } from './canonical.ts';
import { expiredSession, mismatch, unknownKey } from './credential-errors.ts';
import { CloudError } from './handler.ts';
import { isServiceName, operations, type ServiceName } from './operations.ts';
import type { CallerIdentity, SessionKeys } from './sessions.ts';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Temporary credentials that are good beside the key; none unless given. */
  sessions?: SessionKeys;
}

/** A request as far as its signature covers it. */
export interface SignedRequest {
  method: string;
  /** Without the query; `/` by default. */
  path?: string;
  /** Raw query string, without the question mark. */
  query: string;
  /** As `IncomingMessage.headersDistinct`: lower-case names, all values. */
  headers: NodeJS.Dict<string[]>;
  body: Uint8Array;
}

/** Who signed, when all is well. */
export interface Caller {
  accessKeyId: string;
  service: ServiceName;
  region: string;
  /** Absent for the account's own key. */
  identity?: CallerIdentity;
}

/** How far a request's time may be off, in milliseconds; AWS allows five minutes. */
export const allowedSkew = 5 * 60_000;

/**
 * Verifies the signature in the `Authorization` header.
 * @param now Milliseconds since the epoch, of the callers' time.
 * @param served Whether a service may be signed for; by default those of the query protocol.
 * @throws CloudError in the code of the service that the signature names.
 */
export function verifySignature(
  request: SignedRequest,
  credentials: Credentials,
  regions: readonly string[],
  now: number,
  served: (service: string) => boolean = isServiceName,
): Caller {
  const { headers } = request;
  refuseOtherKinds(request);
  const header = headers.authorization?.[0];
  if (!header) throw new CloudError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
  const authorization = parseAuthorization(header);
  if (!authorization) {
    throw new CloudError('IncompleteSignature', 'Authorization header is not a complete AWS4-HMAC-SHA256 signature.');
  }
  const { accessKeyId, service, region } = authorization;
  const { secretAccessKey, identity } = keyOf(request, authorization, credentials, now);
  const date = signedAt(headers);
  if (!date)
    throw new CloudError('IncompleteSignature', 'The request needs an x-amz-date or date header with its time.');
  checkScope(authorization, date.basic, regions, served);
  if (Math.abs(now - date.at) > allowedSkew) throw expired(date.at, now);
  checkSignedHeaders(authorization, headers);
  if (!matches(request, authorization, date.basic, secretAccessKey)) {
    throw mismatch(
      service,
      'The request signature we calculated does not match the signature you provided. Check your Secret Access Key and signing method.',
    );
  }
  return { accessKeyId, service: service as ServiceName, region, identity };
}

/**
 * The secret behind the key that the request names, and whose it is.
 * @throws CloudError for a key that is not known, and for temporary credentials without their token or after their time
 */
function keyOf(
  { headers }: SignedRequest,
  { accessKeyId, service }: Authorization,
  credentials: Credentials,
  now: number,
): { secretAccessKey: string; identity?: CallerIdentity } {
  const token = headers['x-amz-security-token']?.[0];
  if (token === undefined) {
    if (accessKeyId !== credentials.accessKeyId) throw unknownKey(service);
    return credentials;
  }
  const found = credentials.sessions?.find(accessKeyId, token, now) ?? 'unknown';
  if (found === 'unknown') throw unknownKey(service);
  if (found === 'expired') throw expiredSession(service);
  return found;
}

/** Presigned requests and the older signatures: clearly refused, not half understood. */
function refuseOtherKinds({ query, headers, body }: SignedRequest): void {
  const inBody = headers.authorization ? '' : Buffer.from(body).toString('latin1');
  const presigned = /(^|&)(X-Amz-(Algorithm|Signature|Credential)|AWSAccessKeyId|Signature)=/i;
  if (presigned.test(query) || presigned.test(inBody)) {
    const message = 'Presigned requests are not served here: sign the request in the Authorization header.';
    throw new CloudError('IncompleteSignature', message);
  }
}

function checkScope(
  { date, region, service }: Authorization,
  signed: string,
  regions: readonly string[],
  served: (service: string) => boolean,
): void {
  if (!served(service)) {
    const names = [...Object.keys(operations), 's3', 'servicequotas'].join(', ');
    throw mismatch(service, `Credential should be scoped to a served service (${names}), not to ${service}.`);
  }
  if (!regions.includes(region)) {
    throw mismatch(service, `Credential should be scoped to a valid region: ${regions.join(' or ')}, not ${region}.`);
  }
  if (!signed.startsWith(date)) {
    const message = 'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.';
    throw mismatch(service, message);
  }
}

function checkSignedHeaders({ service, signedHeaders }: Authorization, headers: NodeJS.Dict<string[]>): void {
  const date = headers['x-amz-date'] ? 'x-amz-date' : 'date';
  for (const name of ['host', date]) {
    if (!signedHeaders.includes(name)) throw mismatch(service, `'${name}' must be a signed header.`);
  }
}

function matches(request: SignedRequest, authorization: Authorization, basicDate: string, secret: string): boolean {
  const payload = sha256(request.body);
  const claimed = request.headers['x-amz-content-sha256']?.[0];
  if (claimed !== undefined && claimed !== payload) return false;
  return isSignatureOf({ ...request, path: request.path ?? '/', payload }, authorization, basicDate, secret);
}

function expired(at: number, now: number): CloudError {
  const text = (time: number) => new Date(time).toISOString();
  const message = `Request has expired. Timestamp date is ${text(at)}. Current date is ${text(now)}.`;
  return new CloudError('RequestExpired', message);
}
