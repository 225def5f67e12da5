import { constraint } from './names.ts';

/** A page of a list in the order of its keys, as IAM marks pages. */
export function pageOf<T>(
  items: readonly T[],
  { MaxItems: size = 100, Marker: marker }: { MaxItems?: number; Marker?: string },
  keyOf: (item: T) => string,
): { items: T[]; IsTruncated: boolean; Marker?: string } {
  if (!Number.isInteger(size) || size < 1 || size > 1000) {
    throw constraint(String(size), 'maxItems', 'Member must have value between 1 and 1000');
  }
  const after = marker === undefined ? '' : Buffer.from(marker, 'base64url').toString('utf8');
  const sorted = items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).filter((one) => keyOf(one) > after);
  const page = sorted.slice(0, size);
  const last = page.at(-1);
  const IsTruncated = last !== undefined && sorted.length > page.length;
  return { items: page, IsTruncated, ...(IsTruncated && { Marker: Buffer.from(keyOf(last)).toString('base64url') }) };
}
