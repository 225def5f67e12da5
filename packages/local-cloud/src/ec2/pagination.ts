import { CloudError } from '../wire/handler.ts';
import { invalidValue } from './errors.ts';

/** The limits of MaxResults of an operation. */
export interface PageLimits {
  min: number;
  max: number;
}

/** A page of results. */
export interface Page<T> {
  items: T[];
  nextToken?: string;
}

/**
 * Orders items by `keyOf` and cuts the page asked for. The token names the last key given out, not a position, so that
 * what comes or goes between two calls neither repeats nor hides anything else. Without MaxResults everything is one page.
 * @throws CloudError `InvalidParameterValue` for a MaxResults out of its limits, `InvalidNextToken` for a token not of this list.
 */
export function paginate<T>(
  items: T[],
  request: { MaxResults?: number; NextToken?: string },
  limits: PageLimits,
  keyOf: (item: T) => string,
): Page<T> {
  const size = request.MaxResults;
  if (size !== undefined && (!Number.isInteger(size) || size < limits.min || size > limits.max)) {
    throw invalidValue(
      `Value ( ${size} ) for parameter maxResults is invalid. Expecting a value between ${limits.min} and ${limits.max}.`,
    );
  }
  const keyed = items.map((item) => ({ item, key: keyOf(item) })).sort((a, b) => compare(a.key, b.key));
  const after = request.NextToken ? readToken(request.NextToken) : undefined;
  const rest = after === undefined ? keyed : keyed.filter(({ key }) => compare(key, after) > 0);
  const page = size === undefined ? rest : rest.slice(0, size);
  const last = page.at(-1);
  const more = last !== undefined && page.length < rest.length;
  return { items: page.map(({ item }) => item), nextToken: more ? writeToken(last.key) : undefined };
}

/** A key that orders by time, then id. */
export function timeKey(time: number, id: string): string {
  return `${String(time).padStart(16, '0')} ${id}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const mark = 'page1:';

function writeToken(key: string): string {
  return Buffer.from(mark + key).toString('base64url');
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith(mark)) throw new CloudError('InvalidNextToken', `The token '${token}' is invalid`);
  return text.slice(mark.length);
}
