import { messageOf } from '@golden-pipeline/shared/errors';
import { visible } from '@golden-pipeline/shared/text';
import { hostOf, isSafeUrl } from '../config/notify-url.ts';
import { DeliveryError } from './delivery-error.ts';

/** A request to a target. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text is sent as it is. */
  body?: unknown;
  /** Statuses below 500 that are an answer, too. */
  accept?: readonly number[];
}

export interface HttpAnswer {
  status: number;
  text: string;
  /** The body as JSON; an empty object when it is none. */
  json: Record<string, unknown>;
}

/** Sends a request. @throws DeliveryError when there is no answer, or one that is not a success */
export type Http = (request: HttpRequest) => Promise<HttpAnswer>;

/** How long a target may take to answer, in milliseconds. */
export const answerLimitMs = 10_000;
/** Statuses below 500 that ask for another try (RFC 9110, RFC 6585, RFC 8470). */
const retried = [408, 425, 429];
/** The longest pause that a target may ask for, in milliseconds. */
const longestPauseMs = 6 * 3_600_000;
/** So many characters of an answer are kept. */
const keptBytes = 65_536;

/** Requests by fetch. Redirects are not followed, as the headers have tokens; messages name the host only, as addresses may be secrets. */
export function createHttp({
  now,
  timeoutMs = answerLimitMs,
  signal,
}: {
  now: () => number;
  timeoutMs?: number;
  signal?: AbortSignal;
}): Http {
  return async ({ method, url, headers, body, accept = [] }) => {
    const host = hostOf(url);
    if (!isSafeUrl(url)) throw new DeliveryError('refused', `the address (${host}) does not start with https://`);
    const isText = typeof body === 'string';
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
        headers: {
          'user-agent': 'golden-pipeline',
          ...(body !== undefined && !isText && { 'content-type': 'application/json; charset=utf-8' }),
          ...headers,
        },
        ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
      });
      text = await readText(response);
    } catch (error) {
      throw new DeliveryError('failed', noAnswer(error, host, timeoutMs));
    }
    const { status } = response;
    if (response.ok || accept.includes(status)) return { status, text, json: toJson(text) };
    const message = `${host} answered ${status}${excerpt(text)}`;
    if (status >= 300 && status < 400) {
      throw new DeliveryError('refused', `${host} answered ${status}: it redirects, which is not followed`);
    }
    if (status < 500 && !retried.includes(status) && !isRateLimit(response))
      throw new DeliveryError('refused', message);
    throw new DeliveryError('failed', message, readRetryAfter(response.headers.get('retry-after'), now()));
  };
}

/** GitHub answers 403 where others answer 429. */
function isRateLimit({ status, headers }: Response): boolean {
  return status === 403 && (headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0');
}

/** `Retry-After` in milliseconds from now: seconds or a date (RFC 9110); undefined for other text. */
export function readRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null || text.trim() === '') return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestPauseMs);
}

/** The start of an answer, however long it is. */
async function readText(response: Response): Promise<string> {
  if (!response.body) return '';
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > keptBytes) break;
  }
  return text.slice(0, keptBytes);
}

function toJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The start of an answer for a message, in one line. */
export function excerpt(text: string): string {
  const line = visible(text.slice(0, 1000).replace(/\s+/g, ' ').trim());
  if (line === '' || line.startsWith('<')) return '';
  return `: ${line.length > 200 ? `${line.slice(0, 199)}…` : line}`;
}

/** Errors of fetch hide the reason in their cause. */
function noAnswer(error: unknown, host: string, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `${host} did not answer within ${timeoutMs / 1000} s`;
  return `${host} cannot be reached (${reasonOf(error)})`;
}

/** The code of a network error, e.g. `ECONNREFUSED`, else its message. */
export function reasonOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
    if (at.cause === undefined) return messageOf(at);
  }
  return messageOf(error);
}
