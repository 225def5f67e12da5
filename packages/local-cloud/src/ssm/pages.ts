import { CloudError } from '../wire/handler.ts';
import { constraint } from './errors.ts';

/**
 * The page asked for, in the order of the keys.
 * @throws CloudError `ValidationException` for a page size out of bounds, `InvalidNextToken` for a token not of these lists
 */
export function pageOf<T>(
  items: readonly T[],
  { MaxResults, NextToken: token }: { MaxResults?: number; NextToken?: string },
  { most, usual }: { most: number; usual: number },
  keyOf: (item: T) => string,
): { items: T[]; nextToken?: string } {
  const size = MaxResults ?? usual;
  if (!Number.isInteger(size) || size < 1 || size > most) {
    const problem = size < 1 ? 'greater than or equal to 1' : `less than or equal to ${most}`;
    throw constraint(String(size), 'maxResults', `Member must have value ${problem}`);
  }
  const after = token ? readToken(token) : undefined;
  const sorted = items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const rest = after === undefined ? sorted : sorted.filter((one) => keyOf(one) > after);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const more = last !== undefined && rest.length > page.length;
  return { items: page, nextToken: more ? Buffer.from(mark + keyOf(last)).toString('base64url') : undefined };
}

const mark = 'ssm1:';

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith(mark)) throw new CloudError('InvalidNextToken', 'The specified token is not valid.');
  return text.slice(mark.length);
}
