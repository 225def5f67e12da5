/** A line of a service's log. */
export interface LogEntry {
  /** When it was written, in milliseconds since the epoch; null where that is not known. */
  at: number | null;
  /** The time stood before the text, which does not have it. Absent where the app writes its own times, or none. */
  stamped?: boolean;
  /** Without secrets; control characters are as the service has written them. */
  text: string;
  /** Bytes of the whole line, of which only the beginning is in `text`. */
  cut?: number;
}
