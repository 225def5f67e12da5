import type { Clock } from '@golden-pipeline/shared/clock';
import type { CallRecord } from '../calls/record.ts';
import type { CallContext, CallFaults, HandlerTable } from './handler.ts';
import type { ServiceName } from './operations.ts';
import type { Credentials } from './signature.ts';

/** What the wire works with. */
export interface ResponderOptions {
  /** A service without a table knows no operation. */
  tables: Partial<Record<ServiceName, HandlerTable>>;
  credentials: Credentials;
  /** The region, or regions, that callers may sign for. */
  region: string | readonly string[];
  /** The callers' time: signatures are checked against it, so it must not run faster than theirs. */
  clock: Clock;
  /** What callers may do; everything where nothing is enforced. */
  authorizer?: {
    /** @throws CloudError to refuse the call */
    check(call: CallContext, input: object): void;
    may(call: CallContext, action: string, resource: string): boolean;
  };
  /** What goes wrong on request. */
  faults?: CallFaults;
  /** Resolves when all that was changed so far will outlive this process; an answer that confirms a change waits for it, and is a failure when it rejects. */
  persist?: () => Promise<void>;
  onCall?: (record: CallRecord) => void;
  /** A defect of ours; callers only learn that there was one. */
  report: (error: unknown) => void;
}
