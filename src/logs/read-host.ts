import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { releaseRoot } from '../fleet/release-root.ts';
import type { Services } from '../fleet/services.ts';
import { sentProgram } from '../hosts/host-program.ts';
import type { Host } from '../hosts/types.ts';
import type { LogEntry } from './entry.ts';

/** Which lines are wanted. */
export interface LogQuery {
  /** Milliseconds since the epoch; lines without a time are always among them. */
  since?: number;
  /** The last ones of each instance. */
  lines?: number;
  /** Regular expression as Python reads it. */
  grep?: string;
  /** Unit of systemd whose journal is read, instead of the log of the app's service. */
  unit?: string;
  /** Lines that are written from now on, too, until the signal ends it. */
  follow: boolean;
}

/** What happens while the log of a host is read. */
export interface HostLogListener {
  entry(entry: LogEntry): Promise<void>;
  /** All that was there has been given. */
  live(): void;
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
  { since, lines, grep, unit, follow }: LogQuery,
  listener: HostLogListener,
  signal?: AbortSignal,
): Promise<void> {
  const want = {
    ...{ app: fleet.app, folder: `${releaseRoot(fleet)}/shared/log`, secrets: `/run/${fleet.app}-secrets/values.json` },
    ...{ unit: unit ?? null, since: since === undefined ? null : since / 1000, lines: lines ?? null },
    ...{ grep: grep ?? null, follow },
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
          at: typeof said.t === 'number' ? said.t * 1000 : null,
          text: said.m,
          ...(said.cut !== undefined && { cut: said.cut }),
        });
      }
      if (said?.live) listener.live();
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

/** What the program on the host prints (ansible/host-programs/service_log.py). */
interface Printed {
  t?: number | null;
  m?: string;
  cut?: number;
  live?: boolean;
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
