import { PipelineError } from '@golden-pipeline/shared/errors';

/** What asks a run to undo its work and end. SIGHUP is what a closed terminal or a lost SSH connection sends. */
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof stopSignals)[number];

/** Exit codes that a shell expects of a process that a signal ended: 128 + the signal's number. */
export const exitCodeOf: Record<StopSignal, number> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** A command that a signal has ended, where no run's outcome says so. */
export class Interrupted extends PipelineError {
  constructor(
    /** Gives the exit code. */
    readonly signal: StopSignal,
    message = `interrupted by ${signal === 'SIGINT' ? 'Ctrl-C' : signal}`,
  ) {
    super('run.interrupted', message, { outcome: 'interrupted' });
  }
}

/** The part of `process` that is needed, so that tests need no real signals. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

/** What the first and the second Ctrl-C do. */
export interface Interrupt {
  /** Aborted by the first signal, with {@link Interrupted} as reason. */
  readonly signal: AbortSignal;
  /** The first signal that came. */
  readonly received: StopSignal | undefined;
  /** Takes the handlers away; the next Ctrl-C ends the process as usual. */
  remove(): void;
}

/**
 * Handles SIGINT, SIGTERM and SIGHUP. The first lets the run undo its work; the second calls `onSecond` (which lists what is left) and
 * exits. A SIGHUP counts as the first only, and never towards the second: shell and kernel both send one when a terminal closes, and a
 * session's end adds a SIGTERM, without anybody who wants the undo to stop.
 * @param onFirst Told at once, e.g. to say that the run is being undone.
 * @param exit Ends the process with the code that the signal stands for.
 */
export function installInterrupt(options: {
  source: SignalSource;
  onFirst?: (signal: StopSignal) => void;
  onSecond: (signal: StopSignal) => void;
  exit: (code: number) => void;
}): Interrupt {
  const { source, onFirst, onSecond, exit } = options;
  const controller = new AbortController();
  let received: StopSignal | undefined;
  let asked = 0;
  const handle = (signal: StopSignal) => {
    if (signal !== 'SIGHUP') asked++;
    if (received === undefined) {
      received = signal;
      controller.abort(new Interrupted(signal));
      onFirst?.(signal);
      return;
    }
    if (signal === 'SIGHUP' || asked < 2) return;
    try {
      onSecond(signal);
    } finally {
      exit(exitCodeOf[signal]);
    }
  };
  const listeners = stopSignals.map((name): [StopSignal, () => void] => [name, () => handle(name)]);
  for (const [name, listener] of listeners) source.on(name, listener);
  return {
    signal: controller.signal,
    get received() {
      return received;
    },
    remove() {
      for (const [name, listener] of listeners) source.off(name, listener);
    },
  };
}
