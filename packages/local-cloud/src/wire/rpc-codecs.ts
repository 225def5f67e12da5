import { decodeCbor, encodeCbor, Tagged } from './cbor.ts';
import { CloudError } from './handler.ts';

/** How one of the newer protocols writes bodies, and times and bytes in them. */
export interface RpcCodec {
  readonly contentType: string;
  /** @throws CloudError `SerializationException` for a body that cannot be read. */
  decode(body: Uint8Array): unknown;
  encode(value: unknown): string | Uint8Array;
  fromDate(date: Date): unknown;
  /** Milliseconds since the epoch; undefined for what is not a time. */
  toMs(value: unknown): number | undefined;
  fromBytes(bytes: Uint8Array): unknown;
  /** Undefined for what stands for no bytes. */
  toBytes(value: unknown): Uint8Array | undefined;
}

/** AWS JSON: times are seconds since the epoch, bytes are base64. */
export function jsonCodec(version: string): RpcCodec {
  return {
    contentType: `application/x-amz-json-${version}`,
    decode: (body) => {
      try {
        return body.length === 0 ? {} : JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
      } catch {
        throw unreadable('JSON');
      }
    },
    encode: (value) => JSON.stringify(value),
    fromDate: (date) => date.getTime() / 1000,
    toMs: (value) => (typeof value === 'number' ? value * 1000 : undefined),
    fromBytes: (bytes) => Buffer.from(bytes).toString('base64'),
    toBytes: (value) => (typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : undefined),
  };
}

/** Smithy's RPC v2 with CBOR: times are seconds since the epoch with the tag 1. */
export const cborCodec: RpcCodec = {
  contentType: 'application/cbor',
  decode: (body) => {
    try {
      return body.length === 0 ? {} : decodeCbor(body);
    } catch {
      throw unreadable('CBOR');
    }
  },
  encode: encodeCbor,
  fromDate: (date) => new Tagged(1, date.getTime() / 1000),
  toMs: (value) =>
    value instanceof Tagged && value.tag === 1 && typeof value.value === 'number' ? value.value * 1000 : undefined,
  fromBytes: (bytes) => bytes,
  toBytes: (value) => (value instanceof Uint8Array ? value : undefined),
};

function unreadable(format: string): CloudError {
  return new CloudError('SerializationException', `The request body is not ${format}.`);
}
