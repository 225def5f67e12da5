import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { readInstance } from '../../aws/instances.ts';
import type { Fleet } from '../../config/settings.ts';
import type { ContextWith } from '../../fleet/services.ts';
import type { Host } from '../../hosts/types.ts';
import { type OutputSink, outputLimit } from '../command-output.ts';
import type { MigrateFacts } from './facts.ts';
import {
  isUnanswered,
  type MigrationRequest,
  type MigrationState,
  readMigration,
  startMigration,
  tailOfMigration,
} from './program.ts';

type Context = ContextWith<MigrateFacts>;
type Settings = NonNullable<Fleet['release']['migrate']>;

/** Pause between two readings, in milliseconds, unless the fleet is read more often. */
const longestPauseMs = 1000;
/** What the host needs beyond the time limit to end the command, in seconds: SIGTERM, SIGKILL, and some for a busy host. */
const endSeconds = 60;

/** How a migration ended, with the end of its output; plain data for the journal. */
export interface EndedMigration extends MigrationState {
  tail: string;
}

/**
 * Starts the migration on a host and follows it to its end. A host that does not answer for a while does not matter to it: it is started
 * once, and found again. Repeatable, also by another process.
 * @throws PipelineError `migration.unknown` when nobody can say how it ended; errors of the program on the host
 */
export async function runMigration(context: Context, host: Host, settings: Settings): Promise<EndedMigration> {
  const { services, poll, progress } = context;
  const { timeouts, pollSeconds } = services.fleet.release;
  const sink = outputLimit(context);
  const began = context.clock.now();
  let started = false;
  let offset = 0;
  let silentSince: number | undefined;
  const read = async (): Promise<MigrationState | undefined> => {
    try {
      if (!started) await startMigration(context, host, requestOf(context, settings));
      started = true;
      const seen = await readOutput(context, host, offset, sink);
      offset = seen.offset;
      silentSince = undefined;
      return seen.state;
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      const now = context.clock.now();
      silentSince ??= now;
      await assertRuns(context, host, error);
      if (now - silentSince >= timeouts.connection * 1000) throw unknown(context, host, messageOf(error));
      progress(`${host.instanceId} does not answer; the migration goes on there`);
      await services.hosts.forget(host).catch(() => undefined);
      return undefined;
    }
  };
  const ended = await poll({
    what: `the migration of ${context.state.version} on ${host.instanceId}`,
    read,
    until: (seen) => seen !== undefined && seen.state !== 'running',
    progress: (seen) => {
      if (seen) progress(`running for ${Math.round((context.clock.now() - began) / 1000)} s`);
    },
    everyMs: Math.min(pollSeconds * 1000, longestPauseMs),
    timeoutMs: (settings.timeoutSeconds + endSeconds + timeouts.connection) * 1000,
  });
  if (ended?.state !== 'ended') {
    throw unknown(context, host, ended?.reason ?? 'the host has nothing of it');
  }
  return { ...ended, tail: await tailOfMigration(context, host) };
}

/** What is new of its output, and how it is. */
async function readOutput(context: Context, host: Host, from: number, sink: OutputSink) {
  for (let offset = from; ; ) {
    const { text, skipped, offset: next, more, ...state } = await readMigration(context, host, offset);
    if (skipped > 0) sink.skipped(skipped);
    sink.write(text);
    offset = next;
    // What is over the limit is not shown, so it need not be read.
    if (!more || sink.full) return { offset, state: state as MigrationState };
  }
}

function requestOf({ services: { fleet }, state, run }: Context, settings: Settings): MigrationRequest {
  const { version, commit, current, migration } = state;
  return {
    command: settings.command,
    timeout: settings.timeoutSeconds,
    facts: {
      PIPELINE_APP: fleet.app,
      PIPELINE_ENVIRONMENT: fleet.environment,
      PIPELINE_VERSION: version,
      PIPELINE_COMMIT: commit,
      ...(current.version !== undefined && { PIPELINE_PREVIOUS: current.version }),
      PIPELINE_RUN: run.id,
      PIPELINE_MIGRATION: migration?.when ?? settings.when,
    },
  };
}

/** An instance that is terminated meanwhile takes the end of the migration with it. */
async function assertRuns(context: Context, host: Host, cause: unknown): Promise<void> {
  const instance = await readInstance(context.services.aws.ec2, host.instanceId);
  if (instance?.state === 'running') return;
  throw unknown(context, host, `the instance is ${instance?.state ?? 'gone'}`, cause);
}

/** @param why In words. */
function unknown({ state }: Context, host: Host, why: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'migration.unknown',
    `how the migration of ${state.version} on ${host.instanceId} ended is not known: ${why}`,
    { fix: 'look at the database: it may have been done in whole, in part, or not at all', cause },
  );
}
