import type { Clock } from '@golden-pipeline/shared/clock';

/** How long a process may take to exit after SIGTERM, in milliseconds. */
const graceMs = 3000;

/** Why a group was stopped. */
export type Stopped = 'timeout' | 'signal';

/** A process group under a time limit. */
export interface GuardedGroup {
  readonly stopped: Stopped | undefined;
  /** True once the system has refused to signal what is left of it: all of that belongs to another user, as what sudo has started does. */
  readonly refused: boolean;
  /** Resolves when {@link refused} becomes true: the group may go on for ever, and must not be waited for. */
  readonly whenRefused: Promise<void>;
  /**
   * Ends the guard, and kills what is left of a group that was stopped: its leader may exit before its workers. Further calls do nothing.
   */
  end(): void;
}

/**
 * Stops a process and all that it has started, by SIGTERM and then SIGKILL, at a time limit, when the signal is aborted, and when this
 * process exits. Nothing of this throws: it happens in listeners, where an error would end this process in the middle of a run.
 * @param child The leader of a process group (`detached`).
 */
export function guardGroup(
  child: { pid?: number | undefined },
  clock: Clock,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
): GuardedGroup {
  let stopped: Stopped | undefined;
  let killer = { cancel: () => {} };
  let refused = false;
  let ended = false;
  let refuse: () => void = () => undefined;
  const whenRefused = new Promise<void>((resolve) => {
    refuse = resolve;
  });
  const kill = (name: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      refused = true;
      refuse();
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
    get refused() {
      return refused;
    },
    whenRefused,
    end() {
      if (ended) return;
      ended = true;
      if (stopped) kill('SIGKILL');
      timer.cancel();
      killer.cancel();
      signal?.removeEventListener('abort', onAbort);
      process.removeListener('exit', onExit);
    },
  };
}
