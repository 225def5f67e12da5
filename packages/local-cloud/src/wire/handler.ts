import type { ServiceName } from './operations.ts';
import type { CallerIdentity } from './sessions.ts';

/** Who calls, from the verified signature. */
export interface CallContext {
  readonly service: ServiceName;
  readonly operation: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly requestId: string;
  /** Whose temporary credentials the call is made with; absent for the account's own key. */
  readonly identity?: CallerIdentity;
  /** Whether the caller may do something to one of the things that the call is about; everyone may where nothing is enforced. */
  readonly may?: (action: string, resource: string) => boolean;
  /** Notes a fault that strikes what the call has begun, for the record of calls. */
  readonly struck?: (fault: string) => void;
}

/**
 * One operation. Input and output have the SDK's own shapes (`RunInstancesRequest`, `Reservation` ...), with Dates as Date;
 * it throws {@link CloudError} for every refusal.
 */
// biome-ignore lint/suspicious/noExplicitAny: the table holds operations of every shape; each handler is typed where it is written
export type Handler<I = any, O = any> = (input: I, call: CallContext) => O | Promise<O>;

/** Operation name to handler, one table for each service. */
export type HandlerTable = Record<string, Handler>;

/** A refusal as AWS words it: the wire turns it into each protocol's error document. */
export class CloudError extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** HTTP status: 400 for the caller's faults (EC2's throttling is 503), 500 for ours. */
    readonly status = 400,
    /** Id of the fault that it is from, for the record of calls. */
    readonly fault?: string,
  ) {
    super(message);
    this.name = 'CloudError';
  }
}

/** Thrown instead of an answer: the connection is to be cut. */
export class CutConnection extends Error {
  constructor() {
    super('the connection is cut on request');
    this.name = 'CutConnection';
  }
}

/** Who calls what, as far as faults go by it. */
export type CallSite = Pick<CallContext, 'operation' | 'region'> & { service: string };

/** What goes wrong with calls on request. `struck` notes the fault for the record of calls. */
export interface CallFaults {
  /**
   * Before the call is done.
   * @throws CloudError to refuse it, {@link CutConnection} to cut the connection.
   */
  before(call: CallSite, input: unknown, struck: (fault: string) => void): Promise<void>;
  /**
   * After a call that has succeeded; gives what is to be answered.
   * @throws CutConnection to cut the connection.
   */
  after(call: CallSite, output: unknown, struck: (fault: string) => void): unknown;
}
