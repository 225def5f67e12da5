/** A value with a CBOR tag; 1 marks a time in seconds since the epoch. */
export class Tagged {
  constructor(
    readonly tag: number,
    readonly value: unknown,
  ) {}
}

/** Deepest nesting that is read. */
const maximumDepth = 64;

/**
 * Reads one CBOR item (RFC 8949). Maps become objects, whose keys must be texts.
 *
 * The SDK's own decoder (`@smithy/core/cbor`), made for the answers of a service, is too lenient for requests: it ignores bytes after the
 * item, takes keys that are not texts and broken UTF-8, and has no limit of depth or of the size of a big number.
 * @throws RangeError for bytes that are not such an item, or more than one.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = reader.item(0);
  if (!reader.atEnd) throw new RangeError('there are bytes after the item');
  return value;
}

const stop = Symbol('stop');

class Reader {
  #at = 0;
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  item(depth: number): unknown {
    const value = this.#any(depth);
    if (value === stop) throw new RangeError('an end where an item should be');
    return value;
  }

  #any(depth: number): unknown {
    if (depth > maximumDepth) throw new RangeError('nested too deeply');
    const head = this.#view.getUint8(this.#at++);
    const [major, info] = [head >> 5, head & 31];
    if (major === 7) return this.#simple(info);
    const open = info === 31;
    const size = open ? Number.POSITIVE_INFINITY : this.#argument(info);
    switch (major) {
      case 0:
        return finite(size);
      case 1:
        return -1 - finite(size);
      case 2:
        return open ? new Uint8Array(Buffer.concat(this.#items(size, depth).map(asBytes))) : this.#take(size);
      case 3:
        return open ? this.#items(size, depth).map(asText).join('') : text.decode(this.#take(size));
      case 4:
        return this.#items(size, depth);
      case 5:
        return this.#map(size, depth);
      default:
        return new Tagged(finite(size), this.item(depth + 1));
    }
  }

  #argument(info: number): number {
    const at = this.#at;
    if (info < 24) return info;
    if (info > 27) throw new RangeError('a length that is reserved');
    this.#at += 2 ** (info - 24);
    if (info === 24) return this.#view.getUint8(at);
    if (info === 25) return this.#view.getUint16(at);
    return info === 26 ? this.#view.getUint32(at) : Number(this.#view.getBigUint64(at));
  }

  #simple(info: number): unknown {
    const at = this.#at;
    if (info === 31) return stop;
    if (info >= 25 && info <= 27) this.#at += 2 ** (info - 24);
    if (info === 25) return half(this.#view.getUint16(at));
    if (info === 26) return this.#view.getFloat32(at);
    if (info === 27) return this.#view.getFloat64(at);
    if (info === 20 || info === 21) return info === 21;
    if (info === 22 || info === 23) return null;
    throw new RangeError('a simple value that has no meaning');
  }

  #take(size: number): Uint8Array {
    if (size > this.bytes.length - this.#at) throw new RangeError('the bytes end too soon');
    this.#at += size;
    return new Uint8Array(this.bytes.subarray(this.#at - size, this.#at));
  }

  #items(size: number, depth: number): unknown[] {
    const items: unknown[] = [];
    while (items.length < size) {
      const value = this.#any(depth + 1);
      if (value === stop && size === Number.POSITIVE_INFINITY) break;
      if (value === stop) throw new RangeError('an end where an item should be');
      items.push(value);
    }
    return items;
  }

  #map(size: number, depth: number): Record<string, unknown> {
    const flat = this.#items(size * 2, depth);
    if (flat.length % 2) throw new RangeError('a key without a value');
    const entries = flat.flatMap((key, index): [string, unknown][] =>
      index % 2 ? [] : [[asText(key), flat[index + 1]]],
    );
    return Object.fromEntries(entries);
  }
}

const text = new TextDecoder('utf-8', { fatal: true });

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new RangeError('a text was expected');
}

function asBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new RangeError('bytes were expected');
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new RangeError('a number without an end');
}

function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/** Writes a value as CBOR: null, booleans, numbers, texts, bytes, lists, objects (without undefined members) and {@link Tagged}. */
export function encodeCbor(value: unknown): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value: unknown, parts: Uint8Array[]): void {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    parts.push(value < 0 ? header(1, -1 - value) : header(0, value));
  } else if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 0xfb);
    bytes.writeDoubleBE(value, 1);
    parts.push(bytes);
  } else if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    parts.push(header(3, bytes.length), bytes);
  } else if (value instanceof Uint8Array) {
    parts.push(header(2, value.length), value);
  } else if (value instanceof Tagged) {
    parts.push(header(6, value.tag));
    write(value.value, parts);
  } else if (Array.isArray(value)) {
    parts.push(header(4, value.length));
    for (const entry of value) write(entry, parts);
  } else if (value && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    parts.push(header(5, entries.length));
    for (const [key, entry] of entries) {
      write(key, parts);
      write(entry, parts);
    }
  } else {
    parts.push(Buffer.of(value === true ? 0xf5 : value === false ? 0xf4 : 0xf6));
  }
}

function header(major: number, size: number): Uint8Array {
  const first = major << 5;
  if (size < 24) return Buffer.of(first | size);
  const bytes = Buffer.alloc(9);
  bytes.writeBigUInt64BE(BigInt(size), 1);
  for (const [info, length] of [
    [24, 1],
    [25, 2],
    [26, 4],
    [27, 8],
  ] as const) {
    if (length < 8 && size >= 2 ** (8 * length)) continue;
    bytes[8 - length] = first | info;
    return bytes.subarray(8 - length);
  }
  return bytes;
}
