import { CloudError } from '../wire/handler.ts';
import { constraint } from './errors.ts';

/**
 * The page asked for, in the order of the keys, or against it.
 * @throws CloudError for a page size out of bounds and a token not of these lists
 */
export function pageOf<T>(
  items: readonly T[],
  {
    MaxResults: size = 0,
    NextToken: token,
    SortOrder,
  }: { MaxResults?: number; NextToken?: string; SortOrder?: string },
  most: number,
  keyOf: (item: T) => string,
): { items: T[]; nextToken?: string } {
  if (!Number.isInteger(size) || size < 0 || size > most) {
    throw constraint(String(size), 'maxResults', `Member must have value between 1 and ${most}`);
  }
  const sign = SortOrder === 'desc' ? -1 : 1;
  const order = (a: string, b: string) => (a < b ? -sign : a > b ? sign : 0);
  const after = token ? readToken(token) : undefined;
  const sorted = items.toSorted((a, b) => order(keyOf(a), keyOf(b)));
  const rest = after === undefined ? sorted : sorted.filter((one) => order(keyOf(one), after) > 0);
  const page = rest.slice(0, size || most);
  const last = page.at(-1);
  const more = last !== undefined && rest.length > page.length;
  return { items: page, nextToken: more ? Buffer.from(mark + keyOf(last)).toString('base64url') : undefined };
}

const mark = 'secrets1:';

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith(mark)) throw new CloudError('InvalidNextTokenException', 'The NextToken value is invalid.');
  return text.slice(mark.length);
}
