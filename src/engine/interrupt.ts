import { PipelineError } from '@golden-pipeline/shared/errors';

/** Signals that make a run undo its work and exit. A closed terminal or a lost SSH connection sends SIGHUP. */
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof stopSignals)[number];

/** Exit codes for processes terminated by a signal, as shells expect them: 128 + the signal's number. */
export const exitCodeOf: Record<StopSignal, number> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** A command that was interrupted by a signal, without the outcome of a run. */
export class Interrupted extends PipelineError {
  constructor(
    /** Determines the exit code. */
    readonly signal: StopSignal,
    message = `interrupted by ${signal === 'SIGINT' ? 'Ctrl-C' : signal}`,
  ) {
    super('run.interrupted', message, { outcome: 'interrupted' });
  }
}

/** Where signals come from: the process, or a test. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

/** Handling of the first and the second Ctrl-C. */
export interface Interrupt {
  /** Aborted by the first signal, with {@link Interrupted} as reason. */
  readonly signal: AbortSignal;
  /** The first signal. */
  readonly received: StopSignal | undefined;
  /** Removes the handlers; the next Ctrl-C ends the process as usual. */
  remove(): void;
}

/**
 * Handles SIGINT, SIGTERM and SIGHUP. The first lets the run undo its work; the second calls `onSecond` (which lists
 * what is left) and exits. A SIGHUP counts only as the first signal: when a terminal closes, shell and kernel both send
 * one, and the end of a session adds a SIGTERM, although nobody wants to stop the undo.
 * @param onFirst Called at once, e.g. to report that the run is being undone.
 * @param exit Exits the process with the code of the signal.
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
