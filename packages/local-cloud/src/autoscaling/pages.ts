import { CloudError } from '../wire/handler.ts';
import { validationError } from './errors.ts';

/**
 * One page of a list. The token is the offset, so a list that changes in between may repeat or miss entries, as on AWS.
 * @param max the largest MaxRecords that AWS allows for the operation
 */
export function pageOf<T>(
  items: T[],
  request: { MaxRecords?: number; NextToken?: string },
  defaultSize: number,
  max: number,
): { page: T[]; NextToken: string | undefined } {
  const size = request.MaxRecords ?? defaultSize;
  if (size < 1 || size > max) {
    throw validationError(`MaxRecords must be between 1 and ${max}, but is ${size}.`);
  }
  const start = request.NextToken ? readToken(request.NextToken) : 0;
  const end = start + size;
  return { page: items.slice(start, end), NextToken: end < items.length ? writeToken(end) : undefined };
}

function writeToken(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString('base64url');
}

function readToken(token: string): number {
  const offset = /^offset:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (offset === undefined) throw new CloudError('InvalidNextToken', 'The NextToken value is not valid.');
  return Number(offset);
}
