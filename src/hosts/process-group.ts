import type { Clock } from '@golden-pipeline/shared/clock';

/** How long a process may take to exit after SIGTERM, in milliseconds. */
const graceMs = 3000;

/** Why a group was stopped. */
export type Stopped = 'timeout' | 'signal';

/** A process group under a time limit. */
export interface GuardedGroup {
  readonly stopped: Stopped | undefined;
  /** Ends the guard, and kills what is left of a group that was stopped: its leader may exit before its workers. */
  end(): void;
}

/**
 * Stops a process and all that it has started, by SIGTERM and then SIGKILL, at a time limit, when the signal is aborted, and when this
 * process exits.
 * @param child The leader of a process group (`detached`).
 */
export function guardGroup(
  child: { pid?: number | undefined },
  clock: Clock,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
): GuardedGroup {
  let stopped: Stopped | undefined;
  let killer = { cancel: () => {} };
  const kill = (name: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const stop = (why: Stopped) => {
    if (stopped) return;
    stopped = why;
    kill('SIGTERM');
    killer = clock.after(graceMs, () => kill('SIGKILL'));
  };
  const onAbort = () => stop('signal');
  const onExit = () => kill('SIGKILL');
  const timer = clock.after(timeoutMs, () => stop('timeout'));
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  process.once('exit', onExit);
  return {
    get stopped() {
      return stopped;
    },
    end() {
      if (stopped) kill('SIGKILL');
      timer.cancel();
      killer.cancel();
      signal?.removeEventListener('abort', onAbort);
      process.removeListener('exit', onExit);
    },
  };
}
