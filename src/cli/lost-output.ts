import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** A stream that says so when a write has failed. */
interface Written {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** Nobody reads any more: a pipe that was closed, as by `| head -1`, and a terminal that is gone. That is not a failure. */
const gone = ['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'];

/**
 * Lets the process go on when its output cannot be written: an undo must not end halfway because its terminal was closed or the disk
 * with its log is full.
 * @returns what failed first; undefined when all was written that somebody could have read
 */
export function surviveLostOutput(streams: readonly Written[]): () => NodeJS.ErrnoException | undefined {
  let lost: NodeJS.ErrnoException | undefined;
  for (const stream of streams) {
    stream.on('error', (error) => {
      if (!gone.includes(error.code ?? '')) lost ??= error;
    });
  }
  return () => lost;
}

/**
 * Closes terminals that are gone when the process exits. Node.js gives every terminal of its start its settings back at the end, and
 * aborts when it cannot: the exit code would be that of a crash.
 */
export function leaveLostTerminals(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.once('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
}
