import { CloudError } from './handler.ts';
import { isServiceName } from './operations.ts';
import { cborCodec, jsonCodec, type RpcCodec } from './rpc-codecs.ts';
import { readDocument, writeDocument } from './rpc-document.ts';
import { type ServiceShapes, serviceShapes } from './shapes.ts';

/**
 * A call in one of the newer protocols, AWS JSON (`x-amz-target: Service.Operation`) or RPC v2 with CBOR
 * (`/service/Service/operation/Operation`): the operation is named outside of the body.
 */
export interface RpcCall {
  readonly operation: string;
  /** The service's name in these protocols. */
  readonly target: string;
  readonly codec: RpcCodec;
}

/** Tells such a call by its headers; undefined for a call in the query protocols. */
export function rpcCall(request: { path: string; headers: NodeJS.Dict<string[]> }): RpcCall | undefined {
  if (request.headers['smithy-protocol']?.[0] === 'rpc-v2-cbor') {
    const [, target = '', operation = ''] = /^\/service\/([^/]+)\/operation\/([^/]+)$/.exec(request.path) ?? [];
    return { operation, target, codec: cborCodec };
  }
  const named = request.headers['x-amz-target']?.[0];
  if (named === undefined) return undefined;
  const version = /^application\/x-amz-json-(1\.[01])/.exec(request.headers['content-type']?.[0] ?? '')?.[1] ?? '1.0';
  const [target = '', operation = ''] = named.split('.');
  return { operation, target, codec: jsonCodec(version) };
}

/** A call that names no operation, for a service that speaks AWS JSON alone; undefined for every other service. */
export function namelessCall(service: string): RpcCall | undefined {
  const isJson = isServiceName(service) && serviceShapes[service].protocol === 'json';
  return isJson ? { operation: '', target: '', codec: jsonCodec('1.1') } : undefined;
}

/** The path that such a call is sent to; the query protocols have only `/`. */
export function isRpcPath(call: RpcCall, path: string): boolean {
  return path === '/' || path === `/service/${call.target}/operation/${call.operation}`;
}

/** @throws CloudError for an operation that the service does not have, and for a wrong body. */
export function readRpcInput(call: RpcCall, shapes: ServiceShapes, body: Uint8Array): Record<string, unknown> {
  const shape = shapes.operation(call.operation);
  if (call.target !== shapes.target || !shape) {
    const name = `${call.target}.${call.operation}`.slice(0, 200);
    throw new CloudError('UnknownOperationException', `The operation ${name} is not served by the local cloud.`, 404);
  }
  return readDocument(shapes, shape.input, call.codec.decode(body), call.codec);
}

/** The body that answers a call that was done. */
export function rpcAnswer(call: RpcCall, shapes: ServiceShapes, output: unknown): string | Uint8Array {
  const type = shapes.operation(call.operation)?.output;
  return call.codec.encode(type ? writeDocument(shapes, type, output ?? {}, call.codec) : {});
}

/** Body and headers that answer a refused or failed call; the header is for those who know the query protocols' codes. */
export function rpcError(call: RpcCall, error: { code: string; message: string; status: number }) {
  const { code, message, status } = error;
  const body = call.codec.encode({ __type: code, message });
  const headers = { 'x-amzn-query-error': `${printable(code)};${status < 500 ? 'Sender' : 'Receiver'}` };
  return { body, headers };
}

function printable(code: string): string {
  return code.replace(/[^\x21-\x7e]/g, '?');
}
