import { createHash, randomBytes } from 'node:crypto';

/** Prefixes of the resource ids that the cloud gives out. */
export type IdPrefix =
  | 'i'
  | 'ami'
  | 'snap'
  | 'vol'
  | 'r'
  | 'lt'
  | 'key'
  | 'sg'
  | 'sgr'
  | 'eni'
  | 'eni-attach'
  | 'vpc'
  | 'subnet'
  | 'rtb'
  | 'rtbassoc'
  | 'igw'
  | 'acl'
  | 'aclassoc'
  | 'dopt'
  | 'vpc-cidr-assoc'
  | 'iip-assoc';

/** A new random resource id in EC2's long form: the prefix and 17 hexadecimal digits, e.g. `i-0f3c…`. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}-0${randomBytes(8).toString('hex')}`;
}

/** Whether a text has the form of an id: the prefix and 8 (EC2's old form) or 17 hexadecimal digits. */
export function isId(prefix: string, text: string): boolean {
  return text.startsWith(`${prefix}-`) && /^(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(text.slice(prefix.length + 1));
}

/** An id derived from another one, always the same for the same input: for things that have no record of their own. */
export function derivedId(prefix: IdPrefix, from: string): string {
  return `${prefix}-0${createHash('sha256').update(`${prefix}:${from}`).digest('hex').slice(0, 16)}`;
}

/** A digest of a request that does not depend on the order of its keys, to compare repetitions with one client token. */
export function requestDigest(request: object): string {
  return createHash('sha256').update(canonical(request)).digest('hex').slice(0, 32);
}

function canonical(value: unknown): string {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object' && !(value instanceof Date)) {
    const entries = Object.entries(value).filter(([key, v]) => v !== undefined && key !== 'DryRun');
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, v]) => `${JSON.stringify(key)}:${canonical(v)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
