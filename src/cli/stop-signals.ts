import { type StopSignal, stopSignals } from '../engine/interrupt.ts';
import type { CliContext } from './context.ts';

/** Ends what only reads or watches: the first signal aborts, and there is nothing to undo. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** The first signal that came. */
  readonly received: StopSignal | undefined;
  /** Aborts without a signal of the system. */
  abort(): void;
  remove(): void;
}

/** Listens until `remove` is called. */
export function stopSignalsOf({ signals }: Pick<CliContext, 'signals'>): StopSignals {
  const stop = new AbortController();
  let received: StopSignal | undefined;
  const listeners = stopSignals.map((name): [StopSignal, () => void] => [
    name,
    () => {
      received ??= name;
      stop.abort();
    },
  ]);
  for (const [name, listener] of listeners) signals.on(name, listener);
  return {
    signal: stop.signal,
    get received() {
      return received;
    },
    abort: () => stop.abort(),
    remove() {
      for (const [name, listener] of listeners) signals.off(name, listener);
    },
  };
}
