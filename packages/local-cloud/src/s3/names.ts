import { S3Error } from './error.ts';

/** Longest key, in bytes of UTF-8. */
export const maximumKeyBytes = 1024;

/** Names that S3 keeps for itself. */
const reserved = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

/**
 * Refuses what is not a name of a general purpose bucket. A good name is safe as the name of a folder.
 * @throws S3Error `InvalidBucketName`
 */
export function checkBucketName(name: string): void {
  const wellFormed = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..');
  if (wellFormed && !/^\d+\.\d+\.\d+\.\d+$/.test(name) && !reserved.test(name)) return;
  throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', 400, { BucketName: name });
}

/** @throws S3Error `KeyTooLongError` */
export function checkKey(key: string): void {
  const size = Buffer.byteLength(key);
  if (size <= maximumKeyBytes) return;
  const details = { Size: String(size), MaxSizeAllowed: String(maximumKeyBytes) };
  throw new S3Error('KeyTooLongError', 'Your key is too long', 400, details);
}

/** Compares keys by their bytes in UTF-8, the order of S3's lists. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    // Halves of surrogate pairs stand for what comes after U+FFFF.
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** Place of the first key that is not below `key`, in keys sorted by {@link compareKeys}. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
