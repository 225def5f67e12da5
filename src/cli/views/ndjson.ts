import { closeSync, constants, fchmodSync, fstatSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, usageError } from '@golden-pipeline/shared/errors';
import type { EventReader } from '../../engine/event-hub.ts';
import type { RunEvent } from '../../engine/events.ts';
import { readSystemError } from '../../shared/system-errors.ts';

/**
 * The view of `--events FILE`: one JSON document a line, written at once, so that a run that is killed has left every event
 * up to then. A regular file is emptied first and readable by its owner only, because events name hosts and commits.
 * @throws usage error `events.not-writable`.
 */
export function openEventFile(path: string, cwd = process.cwd()): EventReader {
  let file: number | undefined = open(path, resolve(cwd, path));
  return {
    on(event: RunEvent) {
      if (file !== undefined) writeAll(path, file, `${JSON.stringify(event)}\n`);
    },
    async close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function open(named: string, path: string): number {
  try {
    // Never waits for a reader of a named pipe: without one the opening fails.
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NONBLOCK;
    const file = openSync(path, flags, 0o600);
    if (fstatSync(file).isFile()) fchmodSync(file, 0o600);
    return file;
  } catch (error) {
    const reason = messageOf(error);
    throw usageError(
      'events.not-writable',
      `cannot write the events to ${JSON.stringify(named)}`,
      'name a file in a folder that exists and that you may write to',
      [reason],
    );
  }
}

function writeAll(named: string, file: number, text: string): void {
  const bytes = Buffer.from(text);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
  } catch (error) {
    const reason = readSystemError(error)?.reason ?? messageOf(error);
    throw new Error(`${JSON.stringify(named)} cannot be written: ${reason}`, { cause: error });
  }
}
