import { PipelineError } from '../shared/errors.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Exit codes that a shell expects of a process that a signal ended: 128 + the signal's number. */
export const exitCodeOf: Record<StopSignal, number> = { SIGINT: 130, SIGTERM: 143 };

/** The part of `process` that is needed, so that tests need no real signals. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

/** What the first and the second Ctrl-C do. */
export interface Interrupt {
  /** Aborted by the first signal, with a PipelineError `run.interrupted` as reason. */
  readonly signal: AbortSignal;
  /** The first signal that came. */
  readonly received: StopSignal | undefined;
  /** Takes the handlers away; the next Ctrl-C ends the process as usual. */
  remove(): void;
}

/**
 * Handles SIGINT and SIGTERM. The first lets the run undo its work; the second calls `onSecond` (which lists what is left) and exits.
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
  const handle = (signal: StopSignal) => {
    if (received === undefined) {
      received = signal;
      const by = signal === 'SIGINT' ? 'Ctrl-C' : 'SIGTERM';
      controller.abort(new PipelineError('run.interrupted', `interrupted by ${by}`, { outcome: 'interrupted' }));
      onFirst?.(signal);
      return;
    }
    try {
      onSecond(signal);
    } finally {
      exit(exitCodeOf[signal]);
    }
  };
  const listeners: [StopSignal, () => void][] = (['SIGINT', 'SIGTERM'] as const).map((name) => [
    name,
    () => handle(name),
  ]);
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
