import { randomUUID } from 'node:crypto';
import { absentService, restError } from './absent-service.ts';
import { parseAuthorization } from './authorization.ts';
import { answerDocument, errorDocument } from './documents.ts';
import { formTree, parseForm } from './form.ts';
import { type CallContext, CloudError, CutConnection, type Handler } from './handler.ts';
import { isServiceName, type ServiceName } from './operations.ts';
import { readInput } from './read-input.ts';
import type { ResponderOptions } from './responder-options.ts';
import { isRpcPath, namelessCall, type RpcCall, readRpcInput, rpcAnswer, rpcCall, rpcError } from './rpc.ts';
import { type Protocol, type ServiceShapes, serviceShapes } from './shapes.ts';
import { type Caller, type SignedRequest, verifySignature } from './signature.ts';

/** Operations that change nothing. */
const reading = /^(Describe|Get|List)/;

/** What services say when they have failed themselves. */
const internalCodes: Record<Protocol, string> = {
  ec2: 'InternalError',
  query: 'InternalFailure',
  json: 'InternalServerError',
};

export interface WireAnswer {
  status: number;
  requestId: string;
  document: string | Uint8Array;
  /** What the document is, and what the protocol says in headers; XML by default. */
  headers?: Record<string, string>;
  /** Nothing is to be answered: the connection is to be cut. */
  cut?: boolean;
}

/** A request whose body has been read; `too-large` stands for a body over the limit. */
export type WireRequest = Omit<SignedRequest, 'body'> & { path: string; body: Uint8Array | 'too-large' };

/** One call: read, checked, done and put into a document. */
export class Call {
  readonly requestId = randomUUID();
  readonly #request: WireRequest;
  readonly #options: ResponderOptions;
  operation = '';
  service = '';
  accessKeyId = '';
  region = '';
  readonly faults: string[] = [];
  #rpc: RpcCall | undefined;

  constructor(request: WireRequest, options: ResponderOptions) {
    this.#request = request;
    this.#options = options;
    const claimed = parseAuthorization(request.headers.authorization?.[0] ?? '');
    this.service = claimed?.service ?? '';
    this.accessKeyId = claimed?.accessKeyId ?? '';
    this.region = claimed?.region ?? '';
  }

  async answer(): Promise<Omit<WireAnswer, 'requestId'> & { code?: string }> {
    try {
      return { status: 200, document: await this.#run(), headers: this.#headers() };
    } catch (error) {
      if (error instanceof CutConnection) return { status: 0, document: '', code: 'ConnectionCut', cut: true };
      const refusal = error instanceof CloudError ? error : this.#internal(error);
      if (refusal.fault) this.#struck(refusal.fault);
      const status = refusal.status >= 400 && refusal.status <= 599 ? Math.trunc(refusal.status) : 500;
      const { code, message } = refusal;
      if (this.#rpc) {
        const { body, headers } = rpcError(this.#rpc, { code, message, status });
        return { status, document: body, headers: { ...this.#headers(), ...headers }, code };
      }
      if (this.#request.path !== '/' && absentService(this.service)) return { status, code, ...restError(refusal) };
      const document = errorDocument(this.#protocol(), { code, message, status }, this.requestId);
      return { status, document, code };
    }
  }

  /** What the newer protocols say of their answers. */
  #headers(): Record<string, string> | undefined {
    if (!this.#rpc) return undefined;
    const { contentType } = this.#rpc.codec;
    return { 'content-type': contentType, ...(contentType.endsWith('cbor') && { 'smithy-protocol': 'rpc-v2-cbor' }) };
  }

  async #run(): Promise<string | Uint8Array> {
    const { body, method, path, query } = this.#request;
    const { credentials, region, clock } = this.#options;
    this.#rpc = rpcCall(this.#request) ?? namelessCall(this.service);
    const absent = absentService(this.service);
    if (absent) throw absent;
    if (body === 'too-large') throw new CloudError('RequestEntityTooLarge', 'The request body is too large.', 413);
    if (this.#rpc ? !isRpcPath(this.#rpc, path) : path !== '/')
      throw new CloudError('InvalidRequest', 'The services are served at the path / only.', 404);
    if (method !== 'POST' && method !== 'GET') {
      throw new CloudError('InvalidRequest', `Requests are sent by POST or GET, not ${method}.`, 405);
    }
    if (this.#rpc) {
      this.operation = this.#rpc.operation;
      const signer = verifySignature({ ...this.#request, body }, credentials, [region].flat(), clock.now());
      const shapes = serviceShapes[signer.service];
      const input = readRpcInput(this.#rpc, shapes, body);
      return rpcAnswer(this.#rpc, shapes, await this.#do(this.#handler(signer.service), input, signer));
    }
    const pairs = parseForm([query, Buffer.from(body).toString('utf8')].filter(Boolean).join('&'));
    this.operation = pairs.get('Action') ?? '';
    const caller = verifySignature({ ...this.#request, body }, credentials, [region].flat(), clock.now());
    return this.#dispatch(pairs, caller);
  }

  async #dispatch(pairs: Map<string, string>, caller: Caller): Promise<string> {
    const { service } = caller;
    const shapes = serviceShapes[service];
    this.#checkAction(shapes, pairs.get('Version'));
    const handler = this.#handler(service);
    const parameters = [...pairs].filter(([name]) => name !== 'Action' && name !== 'Version');
    const input = readInput(shapes, shapes.operation(this.operation)?.input, formTree(parameters));
    return answerDocument(shapes, this.operation, await this.#do(handler, input, caller), this.requestId);
  }

  /** Does the call, with the faults that are to strike it. */
  async #do(handler: Handler, input: object, caller: Caller): Promise<unknown> {
    const { operation, requestId } = this;
    const struck = (fault: string) => this.#struck(fault);
    const { authorizer, faults, persist } = this.#options;
    const may = (action: string, resource: string) => authorizer?.may(call, action, resource) ?? true;
    const call: CallContext = { ...caller, operation, requestId, may, struck };
    await faults?.before(call, input, struck);
    authorizer?.check(call, input);
    const output = await handler(input, call);
    // A change that cannot be written is not confirmed: it is in memory still, but would be gone after a kill.
    if (!reading.test(operation)) await persist?.();
    return faults ? faults.after(call, output, struck) : output;
  }

  #struck(fault: string): void {
    if (!this.faults.includes(fault)) this.faults.push(fault);
  }

  #checkAction(shapes: ServiceShapes, version: string | undefined): void {
    if (this.operation === '') throw new CloudError('MissingAction', 'The request must contain the parameter Action');
    if (version === shapes.version) return;
    const code = shapes.protocol === 'ec2' ? 'NoSuchVersion' : 'InvalidAction';
    const service = this.service;
    throw new CloudError(code, `${service} is served in version ${shapes.version}, not ${version || 'without one'}.`);
  }

  #handler(service: ServiceName): Handler {
    const table = this.#options.tables[service] ?? {};
    const handler = Object.hasOwn(table, this.operation) ? table[this.operation] : undefined;
    if (handler) return handler;
    const known = serviceShapes[service].operation(this.operation) !== undefined;
    const problem = known ? 'is not served by the local cloud' : `is not valid for ${service} here`;
    throw new CloudError('InvalidAction', `The action ${this.operation.slice(0, 200)} ${problem}.`);
  }

  #protocol(): Protocol {
    if (isServiceName(this.service)) return serviceShapes[this.service].protocol;
    // Without a signature the version tells whose client it is.
    const text = this.#request.body === 'too-large' ? '' : Buffer.from(this.#request.body).toString('latin1');
    return text.includes(`Version=${serviceShapes.ec2.version}`) ? 'ec2' : 'query';
  }

  #internal(error: unknown): CloudError {
    this.#options.report(error);
    const code = internalCodes[this.#protocol()];
    return new CloudError(code, 'An internal error has occurred; the local cloud has it in its log.', 500);
  }
}
