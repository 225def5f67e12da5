import type { ServiceName } from './operations.ts';

/** Who calls, from the verified signature. */
export interface CallContext {
  readonly service: ServiceName;
  readonly operation: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly requestId: string;
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
  ) {
    super(message);
    this.name = 'CloudError';
  }
}
