import { PipelineError } from '@golden-pipeline/shared/errors';
import { releaseRoot } from '../../fleet/release-root.ts';
import type { ContextWith } from '../../fleet/services.ts';
import type { Host } from '../../hosts/types.ts';
import type { MigrateFacts } from './facts.ts';

/** Python starts, reads some files and answers; the rest is for a host that is busy with the migration. */
const timeoutMs = 60_000;

/** How a migration is, as its host says (ansible/roles/release/files/migrate.py). */
export interface MigrationState {
  /** `none`: it was not started; `lost`: it was, and its end is not known. */
  state: 'none' | 'running' | 'ended' | 'lost';
  /** Why its end is not known. */
  reason?: string;
  exit?: number;
  signal?: string;
  /** Why it could not be started. */
  error?: string;
  /** Why it was ended. */
  why?: 'timeout' | 'stopped' | null;
  seconds?: number;
}

/** A piece of its output, in bytes of all of it. */
export interface MigrationOutput {
  text: string;
  /** Bytes before `text` that the host has not kept. */
  skipped: number;
  /** Where the next piece begins. */
  offset: number;
  /** There is more to read at once. */
  more: boolean;
}

/** What the program on the host is started with. */
export interface MigrationRequest {
  command: string[];
  /** Seconds. */
  timeout: number;
  facts: Record<string, string>;
}

type Context = Pick<ContextWith<MigrateFacts>, 'services' | 'state' | 'run'>;

async function call<T>({ services, state, run }: Context, host: Host, action: string, ...words: string[]): Promise<T> {
  const { fleet, hosts } = services;
  const folder = `${releaseRoot(fleet)}/releases/${state.version}`;
  const user = fleet.ssh.become ? ['sudo', '-n'] : [];
  const program = ['/usr/bin/python3', '-I', `${folder}/.release-migrate.py`, action, folder, run.id, ...words];
  return JSON.parse(await hosts.run(host, [...user, ...program], { timeoutMs })) as T;
}

/** Starts the migration, unless this run has started it before. */
export const startMigration = (context: Context, host: Host, request: MigrationRequest): Promise<MigrationState> =>
  call(context, host, 'start', JSON.stringify(request));

/** How it is, with its output from a byte on. */
export const readMigration = (
  context: Context,
  host: Host,
  offset: number,
): Promise<MigrationState & MigrationOutput> => call(context, host, 'status', String(offset));

/** The end of its output, 256 KiB at most. */
export async function tailOfMigration(context: Context, host: Host): Promise<string> {
  return (await call<{ text: string }>(context, host, 'tail')).text;
}

/** Has it stopped by SIGTERM, and SIGKILL after 10 s; it still runs when this resolves. */
export const stopMigration = (context: Context, host: Host): Promise<MigrationState> => call(context, host, 'stop');

/** Removes what the host has kept of it. */
export const forgetMigration = (context: Context, host: Host): Promise<unknown> => call(context, host, 'forget');

/** True when nothing is known of a call: the host was not reached, or has not answered in time. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof PipelineError)) return false;
  if (error.code === 'ssh.unreachable' || error.code === 'ssh.no-way') return true;
  return error.code === 'ssh.failed' && error.message.includes('(did not finish within ');
}
