import { CloudError } from './handler.ts';
import { missing } from './input-errors.ts';
import type { RpcCodec } from './rpc-codecs.ts';
import type { ServiceShapes, SimpleKind, StructShape, TypeRef } from './shapes.ts';

type Plain = Record<string, unknown>;

/** Deepest nesting of any shape is below ten; more is not an honest request. */
const maximumDepth = 32;

/**
 * Builds an operation's input, in the SDK's shape, from a decoded body. Null is absent; members that the shape does not know
 * are ignored, as AWS does in these protocols.
 * @throws CloudError for missing and mistyped members.
 */
export function readDocument(shapes: ServiceShapes, type: TypeRef | undefined, body: unknown, codec: RpcCodec): Plain {
  if (type === undefined) return {};
  return new DocumentReader(shapes, codec).read(type, body, '', 0) as Plain;
}

class DocumentReader {
  constructor(
    private readonly shapes: ServiceShapes,
    private readonly codec: RpcCodec,
  ) {}

  read(type: TypeRef, value: unknown, path: string, depth: number): unknown {
    const shape = this.shapes.shape(type);
    if (depth > maximumDepth) throw wrong(path, 'less deeply nested', '...');
    switch (shape.kind) {
      case 'struct':
        return this.#struct(shape, value, path, depth);
      case 'list':
        if (!Array.isArray(value)) throw wrong(path, 'a list', value);
        return value.flatMap((entry, index) => {
          return isAbsent(entry) ? [] : [this.read(shape.of, entry, join(path, String(index + 1)), depth + 1)];
        });
      case 'map': {
        const entries = Object.entries(plain(value, path)).filter(([, entry]) => !isAbsent(entry));
        return Object.fromEntries(
          entries.map(([key, entry]) => [key, this.read(shape.of, entry, join(path, key), depth + 1)]),
        );
      }
      default:
        return this.#simple(shape.kind, value, path);
    }
  }

  #struct(shape: StructShape, value: unknown, path: string, depth: number): Plain {
    const given = plain(value, path);
    const read: Plain = {};
    for (const [index, { name, type }] of shape.members.entries()) {
      const inner = Object.hasOwn(given, name) ? given[name] : undefined;
      if (!isAbsent(inner)) read[name] = this.read(type, inner, join(path, name), depth + 1);
      else if (index < shape.required) throw missing(this.shapes.protocol, join(path, name));
    }
    return read;
  }

  #simple(kind: SimpleKind, value: unknown, path: string): unknown {
    switch (kind) {
      case 'string':
        if (typeof value !== 'string') throw wrong(path, 'a string', value);
        return value;
      case 'number':
        if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(path, 'a number', value);
        return value;
      case 'boolean':
        if (typeof value !== 'boolean') throw wrong(path, 'true or false', value);
        return value;
      case 'timestamp': {
        // Seconds as a float, times 1000, may lie just below the whole millisecond that was meant; `Date` would cut it off.
        const date = new Date(Math.round(this.codec.toMs(value) ?? Number.NaN));
        if (Number.isNaN(date.getTime())) throw wrong(path, 'a time', value);
        return date;
      }
      case 'blob': {
        const bytes = this.codec.toBytes(value);
        if (!bytes) throw wrong(path, 'bytes', value);
        return bytes;
      }
    }
  }
}

/**
 * An answer as the protocol writes it, ready to be encoded. Undefined members are left out, and those that the shape does not
 * know.
 */
export function writeDocument(shapes: ServiceShapes, type: TypeRef, value: unknown, codec: RpcCodec): unknown {
  const shape = shapes.shape(type);
  if (shape.kind === 'list') {
    return (value as unknown[])
      .filter((entry) => !isAbsent(entry))
      .map((entry) => writeDocument(shapes, shape.of, entry, codec));
  }
  if (shape.kind === 'map') {
    const entries = Object.entries(value as Plain).filter(([, entry]) => !isAbsent(entry));
    return Object.fromEntries(entries.map(([key, entry]) => [key, writeDocument(shapes, shape.of, entry, codec)]));
  }
  if (shape.kind === 'struct') {
    const given = value as Plain;
    const members = shape.members.filter(({ name }) => !isAbsent(given[name]));
    return Object.fromEntries(
      members.map(({ name, type: inner }) => [name, writeDocument(shapes, inner, given[name], codec)]),
    );
  }
  if (shape.kind === 'timestamp') return codec.fromDate(value as Date);
  return shape.kind === 'blob' ? codec.fromBytes(value as Uint8Array) : value;
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function plain(value: unknown, path: string): Plain {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'a structure', value);
  return value as Plain;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function wrong(path: string, expected: string, value: unknown): CloudError {
  const shown = String(typeof value === 'object' ? typeof value : value).slice(0, 100);
  return new CloudError('SerializationException', `${path || 'The input'} must be ${expected}, not ${shown}`);
}
