import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, usageError } from '@golden-pipeline/shared/errors';

export interface DaemonArguments {
  dir: string;
  port?: number;
  /** Absent: those that the cloud had before, at first the quick ones. */
  delays?: 'quick' | 'aws';
  /** Absent: the one that the folder was made with. */
  driver?: 'sandbox' | 'simulated';
}

const profiles = ['quick', 'aws'] as const;
const drivers = ['sandbox', 'simulated'] as const;

/** Reads the daemon's arguments: --dir (needed), --port, --delays, --driver. */
export function readArguments(argv: string[]): DaemonArguments {
  let values: Record<string, string | undefined>;
  try {
    const string = { type: 'string' } as const;
    values = parseArgs({ args: argv, options: { dir: string, port: string, delays: string, driver: string } }).values;
  } catch (error) {
    throw usageError('local.arguments', messageOf(error));
  }
  if (!values.dir) throw usageError('local.arguments', '--dir is missing: the folder of the cloud');
  return {
    dir: resolve(values.dir),
    port: values.port === undefined ? undefined : portOf(values.port),
    delays: values.delays === undefined ? undefined : oneOf('--delays', values.delays, profiles),
    driver: values.driver === undefined ? undefined : oneOf('--driver', values.driver, drivers),
  };
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw usageError(
    'local.arguments',
    `--port ${JSON.stringify(text)} is not a port`,
    'a number from 0 to 65535; 0 takes a free one',
  );
}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === value);
  if (found) return found;
  throw usageError('local.arguments', `${flag} ${JSON.stringify(value)} is unknown`, `one of: ${allowed.join(', ')}`);
}
