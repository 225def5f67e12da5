import { createWriteStream } from 'node:fs';
import { inspect } from 'node:util';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { logFile } from './descriptor.ts';

/** The daemon's log: one entry a line, continued lines indented. */
export interface Log {
  write(message: string): void;
  /** A defect or a failure in the background, with its stack. */
  report(error: unknown): void;
  close(): Promise<void>;
}

/** Appends to `<dir>/daemon.log`; only its owner may read it. A log that cannot be written stops nothing. */
export function openLog(dir: string): Log {
  const stream = createWriteStream(logFile(dir), { flags: 'a', mode: 0o600 });
  stream.on('error', () => undefined);
  const write = (message: string) => {
    stream.write(`${new Date().toISOString()} ${message.trimEnd().replaceAll('\n', '\n  ')}\n`);
  };
  return {
    write,
    report: (error) => write(`error: ${describe(error)}`),
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}

/** What is meant for people needs no stack. */
function describe(error: unknown): string {
  if (error instanceof PipelineError) return [error.message, ...error.details].join('\n');
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error);
}
