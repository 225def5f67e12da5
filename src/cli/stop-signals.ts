import { installInterrupt, type StopSignal } from '../engine/interrupt.ts';
import type { CliContext } from './context.ts';

/** Ends what only reads or watches: the first signal aborts, and there is nothing to undo; the second one exits at once. */
export interface StopSignals {
  /** Its reason is an `Interrupted` where a signal of the system has come. */
  readonly signal: AbortSignal;
  /** The first signal that came. */
  readonly received: StopSignal | undefined;
  /** Aborts without a signal of the system. */
  abort(): void;
  remove(): void;
}

/** Listens until `remove` is called. */
export function stopSignalsOf(context: Pick<CliContext, 'signals' | 'exit'>): StopSignals {
  const interrupt = installInterrupt({
    source: context.signals,
    onSecond: () => undefined,
    exit: (code) => context.exit(code),
  });
  const own = new AbortController();
  return {
    signal: AbortSignal.any([interrupt.signal, own.signal]),
    get received() {
      return interrupt.received;
    },
    abort: () => own.abort(),
    remove: () => interrupt.remove(),
  };
}
