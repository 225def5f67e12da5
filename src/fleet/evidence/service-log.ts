import type { Clock } from '@golden-pipeline/shared/clock';
import type { Host } from '../../hosts/types.ts';
import { instantText } from '../../shared/instant.ts';
import type { LogEntry } from '../logs/entry.ts';
import { logFolder, readHostLog } from '../logs/read-host.ts';
import type { Services } from '../services.ts';

/** Kept of an instance's log at most. */
export const mostLines = 500;
export const mostBytes = 256 * 1024;

/** Milliseconds until a host counts as one that does not answer: the rollback waits for it. */
const readMs = 4000;

/** The end of a log. */
export interface ServiceLog {
  from: string;
  /** Oldest first. */
  lines: string[];
  /** There is more before them. */
  cut: boolean;
}

export interface LogWanted {
  /** The log of the environment that is checked beside the one that serves. */
  staging?: boolean;
  /** What was last written longer ago is not about this run, in milliseconds. */
  withinMs?: number;
}

/**
 * Reads the end of the service's log on a host, as `pipeline logs` does.
 * @throws as {@link readHostLog}; Error that says why there is no log
 */
export async function readServiceLog(
  services: Pick<Services, 'fleet' | 'hosts'>,
  host: Host,
  clock: Clock,
  { staging = false, withinMs }: LogWanted = {},
): Promise<ServiceLog> {
  const log: ServiceLog = { from: '', lines: [], cut: false };
  const notes: string[] = [];
  const limit = new AbortController();
  const timer = clock.after(readMs, () => limit.abort());
  try {
    await readHostLog(
      services,
      host,
      {
        ...{ lines: mostLines, bytes: mostBytes, follow: false },
        ...(withinMs !== undefined && { withinMs }),
        ...(staging && { file: `${logFolder(services.fleet)}/staging.log` }),
      },
      {
        entry: (entry) => void log.lines.push(lineOf(entry)),
        from(what) {
          log.from = what;
        },
        more() {
          log.cut = true;
        },
        note: (text) => void notes.push(text),
      },
      limit.signal,
    );
  } finally {
    timer.cancel();
  }
  if (log.lines.length > 0) return log;
  if (limit.signal.aborted) throw new Error(`its log could not be read within ${readMs / 1000} s`);
  throw new Error(notes[0] ?? `${log.from} is empty`);
}

/** With its time, unless the app has written one, or none is known. */
function lineOf({ at, stamped, text }: LogEntry): string {
  return stamped && at !== null ? `${instantText(at)} ${text}` : text;
}
