import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { sentProgram } from '../../hosts/host-program.ts';
import type { Host } from '../../hosts/types.ts';
import { releaseRoot } from '../release-root.ts';
import type { Services } from '../services.ts';
import type { LogEntry } from './entry.ts';

/** Which lines are wanted. */
export interface LogQuery {
  /** Milliseconds since the epoch; lines without a time are always among them. */
  since?: number;
  /** The last ones of each instance. */
  lines?: number;
  /** Of these at most so many bytes. */
  bytes?: number;
  /** With `bytes`: a log that was last written longer ago counts as absent, in milliseconds. */
  withinMs?: number;
  /** Regular expression as Python reads it. */
  grep?: string;
  /** Unit of systemd whose journal is read, instead of the log of the app's service. */
  unit?: string;
  /** A file that is read, instead of the log of the app's service. */
  file?: string;
  /** Lines that are written from now on, too, until the signal ends it. */
  follow: boolean;
}

/** What happens while the log of a host is read. */
export interface HostLogListener {
  entry(entry: LogEntry): void | Promise<void>;
  /** What is read: a file, or the journal of a unit. */
  from?(what: string): void;
  /** All that was there has been given. */
  live?(): void;
  /** There are more lines before the first one than `bytes` allows. */
  more?(): void;
  /** Something that explains what is missing. */
  note(text: string): void;
}

/**
 * Reads the log of the service on one host: to its end, or until the signal (`follow`).
 * @throws usage error `logs.grep` for an expression that cannot be used; PipelineError `ssh.unreachable`; `logs.failed` when the host
 * cannot say what its log has
 */
export async function readHostLog(
  { fleet, hosts }: Pick<Services, 'fleet' | 'hosts'>,
  host: Host,
  { since, lines, bytes, withinMs, grep, unit, file, follow }: LogQuery,
  listener: HostLogListener,
  signal?: AbortSignal,
): Promise<void> {
  const want = {
    app: fleet.app,
    // A plain playbook has a service of its own, which may log where runit's services usually do.
    folders: [logFolder(fleet), `/var/log/${fleet.app}`],
    secrets: `/run/${fleet.app}-secrets/values.json`,
    ...{
      file: file ?? null,
      unit: unit ?? null,
      lines: lines ?? null,
      bytes: bytes ?? null,
      grep: grep ?? null,
      follow,
    },
    since: since === undefined ? null : since / 1000,
    within: withinMs === undefined ? null : Math.ceil(withinMs / 1000),
  };
  const { argv, input } = await sentProgram('service_log', want, fleet.ssh);
  let wrong: string | undefined;
  const end = await hosts.stream(host, argv, {
    input,
    ...(signal && { signal }),
    onLine(line) {
      const said = parse(line);
      if (said?.m !== undefined) {
        return listener.entry({
          at: typeof said.t === 'number' && Math.abs(said.t) <= lastSecond ? said.t * 1000 : null,
          text: said.m,
          ...(said.s && { stamped: true }),
          ...(said.cut !== undefined && { cut: said.cut }),
        });
      }
      if (said?.from !== undefined) listener.from?.(said.from);
      if (said?.live) listener.live?.();
      if (said?.more) listener.more?.();
      if (said?.note !== undefined) listener.note(said.note);
      wrong ??= said?.wrong;
      return undefined;
    },
  });
  if (wrong !== undefined) throw usageError('logs.grep', `--grep ${show(grep)} cannot be used: ${wrong}`);
  if (end === undefined || end.exitCode === 0) return;
  const said = end.stderr.trim().split('\n').slice(-5);
  throw new PipelineError('logs.failed', `the log cannot be read (exit ${end.exitCode}): ${said.at(-1) ?? ''}`, {
    details: said,
  });
}

/** Of what a `Date` can hold: a damaged line may name any time. */
const lastSecond = 8.64e12;

/** Where the release role has the logs of its services. */
export function logFolder(fleet: Services['fleet']): string {
  return `${releaseRoot(fleet)}/shared/log`;
}

/** What the program on the host prints (ansible/host-programs/service_log.py). */
interface Printed {
  t?: number | null;
  s?: boolean;
  m?: string;
  cut?: number;
  from?: string;
  live?: boolean;
  more?: boolean;
  note?: string;
  wrong?: string;
}

/** Undefined for what it did not print itself, such as the banner of a login. */
function parse(line: string): Printed | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
