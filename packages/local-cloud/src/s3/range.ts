import { S3Error } from './error.ts';

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads a Range header; undefined for none, several, or one that cannot be read: then the whole object is meant.
 * @throws S3Error `InvalidRange` when the object has no such bytes
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start < size && !(first === '' && Number(last) === 0)) return { start, end };
  const details = { RangeRequested: header ?? '', ActualObjectSize: String(size) };
  const headers = { 'content-range': `bytes */${size}` };
  throw new S3Error('InvalidRange', 'The requested range is not satisfiable', 416, details, headers);
}
