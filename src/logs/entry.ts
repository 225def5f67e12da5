/** A line of a service's log. */
export interface LogEntry {
  /** When it was written, in milliseconds since the epoch; null where that is not known. */
  at: number | null;
  /** Without secrets; control characters are as the service has written them. */
  text: string;
  /** Bytes of the whole line, of which only the beginning is in `text`. */
  cut?: number;
}

/** A {@link LogEntry} and the instance that it is from. */
export interface FleetLogEntry extends LogEntry {
  instanceId: string;
  version?: string;
}
