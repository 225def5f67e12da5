import type { LogEntry } from '../fleet/logs/entry.ts';

/** A line of a service's log, and the instance that it is from. */
export interface FleetLogEntry extends LogEntry {
  instanceId: string;
  version?: string;
}
