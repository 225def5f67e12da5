import { PipelineError } from '@golden-pipeline/shared/errors';
import { instantOf } from '../shared/instant.ts';
import { isGone, type ProcessIdentity } from './process-identity.ts';
import type { LockRecord } from './types.ts';

/** How long a lock lasts without a heartbeat, in milliseconds. */
export const leaseMs = 60_000;

/** A lock as stored. */
export interface StoredLock extends LockRecord {
  /** The process that sends the heartbeats; on the same host its exit is seen at once. */
  process?: ProcessIdentity;
  released?: boolean;
}

/** Why a lock certainly has no holder any more; false when only its lease can tell. */
export function isFree(lock: StoredLock): 'released' | 'process gone' | false {
  if (lock.released) return 'released';
  return lock.process && isGone(lock.process) ? 'process gone' : false;
}

/** What others see of a lock. */
export function publicRecord({ process: _process, released: _released, ...record }: StoredLock): LockRecord {
  return record;
}

/** The error that names the owner of the lock, its start and its purpose. */
export function heldError(lock: LockRecord, now: number): PipelineError {
  const since = instantOf(lock.since);
  const reason = lock.reason ? ` (${lock.reason})` : '';
  const message =
    `${lock.app} in ${lock.environment} is locked by ${lock.owner}@${lock.host} since ${clockTime(since, now)} ` +
    `(${ago(now - since)} ago) for "${lock.command}"${reason}`;
  const ends = `the lock ends by itself at ${clockTime(instantOf(lock.expires), now)}`;
  // A run can be aborted; a lock taken by hand is removed by its owner only.
  const end =
    lock.run === undefined
      ? `if its process has crashed, ${ends}`
      : `or end it now: pipeline abort ${lock.app}; if its process has crashed, ${ends}; pipeline abort then waits until that time and undoes its changes`;
  return new PipelineError('lock.held', message, {
    outcome: 'locked',
    fix: `wait until it is done (\`pipeline status ${lock.app}\`); ${end}`,
  });
}

/** The error for a lock that this run no longer holds. */
export function lostError(held: LockRecord, by?: StoredLock): PipelineError {
  const who =
    by && !by.released && by.fence !== held.fence ? `: ${by.owner}@${by.host} took it for "${by.command}"` : '';
  return new PipelineError('lock.lost', `the lock of ${held.app} in ${held.environment} was lost${who}`, {
    fix: 'check the fleet before you continue: no heartbeat reached the ledger for too long (suspended laptop, lost network)',
  });
}

/** Local time of day, with the date unless it is today. */
function clockTime(at: number, now: number): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const date = new Date(at);
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${time}`;
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
