import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { execa } from 'execa';
import { guardGroup } from './process-group.ts';
import { shellCommand } from './quote.ts';

/** A program that runs on this computer. */
export interface LocalCommand {
  /** Program and arguments; no shell takes part. */
  command: readonly string[];
  cwd: string;
  /** Variables beside those of this process. */
  environment: Record<string, string>;
  timeoutMs: number;
  clock: Clock;
  /** Stops it, with all that it has started. */
  signal?: AbortSignal;
  /** Gets each line that it prints. */
  onLine?: (line: string) => void;
}

/** A line without an end, such as that of a binary file, is passed on in pieces of this many characters. */
const longestLine = 16_384;
/** Last lines in an error, and characters of each. */
const shownLines = 15;
const shownCharacters = 2000;
/** How long output is awaited from what it has left in the background, in milliseconds. */
const lingerMs = 1000;

/**
 * Runs a program on this computer, to its end or its time limit.
 * @throws PipelineError `command.failed`, `command.timeout`, `command.not-found`, with its last lines
 */
export async function runLocalCommand(given: LocalCommand): Promise<void> {
  const { command, cwd, environment, timeoutMs, clock, signal, onLine } = given;
  const [program = '', ...words] = command;
  const child = execa(program, words, {
    ...{ cwd, env: environment, reject: false, stdin: 'ignore', all: true, buffer: false },
    ...{ detached: true, cleanup: false },
  });
  const guard = guardGroup(child, clock, { timeoutMs, signal });
  const last: string[] = [];
  const lines = splitLines((line) => {
    last.push(line.length > shownCharacters ? `${line.slice(0, shownCharacters)}...` : line);
    if (last.length > shownLines) last.shift();
    onLine?.(line);
  });
  child.all.on('data', (part: Buffer) => lines.write(part));
  let linger = { cancel: () => {} };
  child.once('exit', () => {
    linger = clock.after(lingerMs, () => child.all.destroy());
  });
  try {
    // What cannot be stopped is not waited for: the run has to undo its work.
    const end = await Promise.race([child, guard.whenRefused.then(() => undefined)]);
    if (end === undefined) {
      child.all.destroy();
      child.unref();
    }
    lines.end();
    if (guard.stopped) guard.end();
    const { exitCode, signal: ended, code } = end ?? {};
    const shown = shellCommand(command);
    if (code === 'ENOENT' || code === 'EACCES') {
      throw new PipelineError('command.not-found', `\`${shown}\` could not be run in ${cwd}: ${program} was not found`);
    }
    if (guard.stopped && guard.refused) {
      const why = guard.stopped === 'timeout' ? `did not finish within ${timeoutMs / 1000} s and ` : '';
      throw new PipelineError(
        guard.stopped === 'timeout' ? 'command.timeout' : 'command.failed',
        `\`${shown}\` ${why}could not be stopped: it has started something as another user, which may go on`,
        { details: last, fix: `look whether it still runs: ps -o pid,user,args -g ${child.pid}` },
      );
    }
    if (guard.stopped === 'timeout') {
      const message = `\`${shown}\` did not finish within ${timeoutMs / 1000} s and was stopped`;
      throw new PipelineError('command.timeout', message, { details: last });
    }
    if (exitCode === 0 && !guard.stopped) return;
    const how = guard.stopped ? 'was stopped' : `failed: ${exitCode === undefined ? ended : `exit ${exitCode}`}`;
    throw new PipelineError('command.failed', `\`${shown}\` ${how}`, { details: last });
  } finally {
    linger.cancel();
    guard.end();
  }
}

/** Passes on whole lines of bytes that come in pieces. */
function splitLines(onLine: (line: string) => void) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const inPieces = (line: string) => {
    onLine(line.slice(0, longestLine));
    for (let at = longestLine; at < line.length; at += longestLine) onLine(line.slice(at, at + longestLine));
  };
  return {
    write(part: Buffer) {
      const pieces = (rest + decoder.write(part)).split('\n');
      rest = pieces.pop() ?? '';
      for (const line of pieces) inPieces(line);
      if (rest.length <= longestLine) return;
      inPieces(rest);
      rest = '';
    },
    end() {
      if (rest !== '') inPieces(rest);
      rest = '';
    },
  };
}
