import type { HandlerTable } from './wire/handler.ts';

/** A service of the cloud, as each `createXService(context)` makes it. Several have a port for the other services besides. */
export interface Service {
  /** Operation name to handler, for the wire. */
  readonly handlers: HandlerTable;
  /** Takes up what the state holds from before, and works from then on. Absent where nothing happens without a call. */
  start?(): void;
  /** Does nothing more by itself; the state stays as it is. */
  stop?(): void;
}
