import { type Clock, systemClock } from '@golden-pipeline/shared/clock';
import type { SignalSource } from '../engine/interrupt.ts';
import type { Redact } from '../shared/redact.ts';

/** Where text goes; a terminal knows that it is one. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** True once nobody reads it any more, as after `| head`. */
  readonly lost?: boolean;
}

/** The process as commands see it; tests hand in their own. */
export interface CliContext {
  /** Arguments without Node and the script. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** True when a person can answer questions. */
  readonly interactive: boolean;
  /** Results. */
  readonly stdout: Output;
  /** Progress, questions and errors. */
  readonly stderr: Output;
  /** Set when progress is seen on a terminal that can be drawn on. */
  readonly terminal?: NodeJS.WriteStream;
  readonly signals: SignalSource;
  readonly clock: Clock;
  /** Ends the process at once; only for the second interrupt. */
  exit(code: number): void;
  /** The redaction of the fleet that the command is about, once that is known. */
  redact?: Redact;
  /** What a command has begun beside its work, and the process waits for once the result is printed; it never rejects. */
  afterwards?: () => Promise<void>;
}

/** Options that every command has. */
export interface GlobalOptions {
  /** Environment, e.g. `staging`; without it the app's default one. */
  env?: string;
  /** Folder of the project. */
  project?: string;
  json?: boolean;
  /** File for the events, one JSON document a line. */
  events?: string;
  /** False after `--no-color`. */
  color?: boolean;
  yes?: boolean;
  debug?: boolean;
}

/** The real process. */
export function processContext(): CliContext {
  // A file in pipelines/ cannot end the process while it is loaded, but a second interrupt can.
  const exit = process.exit.bind(process);
  return {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    interactive: Boolean(process.stdin.isTTY && process.stderr.isTTY),
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    terminal: drawable(process.stderr) ? process.stderr : undefined,
    signals: process,
    clock: systemClock(),
    exit: (code) => exit(code),
  };
}

/** Narrower windows (and terminals that do not know their width) get lines; so do build servers, whose logs keep every frame. */
function drawable(stream: NodeJS.WriteStream): boolean {
  return Boolean(stream.isTTY) && stream.columns >= 40 && process.env.TERM !== 'dumb' && !process.env.CI;
}

/** The live list replaces the stream's own `write` while it draws; a message at the last moment must not wait for it. */
function output(stream: NodeJS.WriteStream): Output {
  const write = stream.write.bind(stream);
  let lost = false;
  stream.on('error', () => {
    lost = true;
  });
  return {
    write: (text) => write(text),
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns;
    },
    get lost() {
      return lost;
    },
  };
}

/** Whether to color what goes to `output`; see https://no-color.org for NO_COLOR. */
export function useColor(
  context: Pick<CliContext, 'env'>,
  options: Pick<GlobalOptions, 'color'>,
  output: Output,
): boolean {
  if (options.color === false || context.env.NO_COLOR) return false;
  return Boolean(output.isTTY) && context.env.TERM !== 'dumb';
}
