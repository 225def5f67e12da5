import type { Outage } from '../engine/connection.ts';
import { awsCode } from './errors.ts';

/** Codes of Node and of the SDK for a connection that was not made, or broke. */
const network = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'TimeoutError', 'NetworkingError'],
]);

/** As the SDK decides on its own retries (`@smithy/core/retry`). */
const throttling = new Set([
  ...['BandwidthLimitExceeded', 'EC2ThrottledException', 'PriorRequestNotComplete', 'RequestLimitExceeded'],
  ...['RequestThrottled', 'RequestThrottledException', 'SlowDown', 'ThrottledException', 'Throttling'],
  ...['ThrottlingException', 'TooManyRequestsException'],
]);

const credentials = new Set([
  'ExpiredToken',
  // EC2 says so of an expired session; the SDK corrects the other reason, a wrong clock, by itself.
  'RequestExpired',
  'ExpiredTokenException',
  'CredentialsProviderError',
  'TokenProviderError',
  'UnauthorizedSSOTokenError',
]);

/**
 * What an error that survived the SDK's own retries says of the service as a whole; undefined when it is the answer to the one call,
 * such as a refusal. EC2 answers that it lacks capacity with status 500: that is an answer, too.
 */
export function outageOf(error: unknown): Outage | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = awsCode(error) ?? '';
  const { code: nodeCode, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  const broken = [code, error.name, nodeCode].find((one) => typeof one === 'string' && network.has(one));
  const reason = `${error.message || code} (${broken ?? code})`;
  if (credentials.has(code) || credentials.has(error.name) || /token (has|is) expired/i.test(error.message)) {
    return { kind: 'credentials', reason };
  }
  if (broken !== undefined || /socket hang up/.test(error.message)) return { kind: 'network', reason };
  if (throttling.has(code) || status === 429) return { kind: 'throttled', reason };
  if (status >= 500 && !code.startsWith('Insufficient')) return { kind: 'service', reason };
  return undefined;
}
