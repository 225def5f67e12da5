import type { Clock, Timer } from '@golden-pipeline/shared/clock';

/** Lines of one source, in their order. */
export interface MergeSource<T> {
  /** Resolves when there is room for the next: memory stays bounded, and a source that is ahead waits. */
  push(at: number | null, value: T): Promise<void>;
  /** From now on it has only lines that are being written. */
  live(): void;
  end(): void;
}

/** How long others wait for a source that has no line yet, from the first line of any on, and how long a line of a live source waits for earlier ones, in milliseconds. */
const grace = { silent: 500, live: 300 };
/** Lines of a source that wait at most. */
const room = 500;

interface Waiting<T> {
  /** For its place among the others: a line without a time goes with the one before it. */
  at: number;
  value: T;
  arrived: number;
}

interface Source<T> {
  queue: Waiting<T>[];
  last: number;
  silentSince: number;
  isLive: boolean;
  ended: boolean;
  full?: () => void;
}

/**
 * Merges the lines of several sources by their times. A line is handed on when each other source has a line as well; sources that have had
 * none for a moment are not waited for, so what they have later comes late instead of holding up the rest.
 */
export function createMerge<T>(clock: Clock, print: (value: T) => void) {
  const sources = new Set<Source<T>>();
  let timer: Timer | undefined;
  let begun: number | undefined;

  function first(): Source<T> | undefined {
    let found: Source<T> | undefined;
    for (const source of sources) {
      const [head] = source.queue;
      if (head && (!found || head.at < (found.queue[0]?.at ?? 0))) found = source;
    }
    return found;
  }

  /** Milliseconds until the first line may be handed on; 0 for now. */
  function wait(head: Waiting<T>, own: Source<T>): number {
    const now = clock.now();
    let until = 0;
    for (const source of sources) {
      if (source.queue.length === 0 && !source.isLive)
        until = Math.max(until, Math.max(source.silentSince, begun ?? now) + grace.silent - now);
    }
    if (own.isLive && own.queue.length < room) until = Math.max(until, head.arrived + grace.live - now);
    return until;
  }

  function pump(): void {
    timer?.cancel();
    timer = undefined;
    for (;;) {
      const source = first();
      const head = source?.queue[0];
      if (!source || !head) return;
      const ms = wait(head, source);
      if (ms > 0) {
        timer = clock.after(ms, pump);
        return;
      }
      source.queue.shift();
      source.silentSince = clock.now();
      if (source.ended && source.queue.length === 0) sources.delete(source);
      print(head.value);
      if (source.queue.length < room / 2) {
        source.full?.();
        source.full = undefined;
      }
    }
  }

  return {
    open(): MergeSource<T> {
      const source: Source<T> = {
        queue: [],
        last: Number.NEGATIVE_INFINITY,
        silentSince: clock.now(),
        isLive: false,
        ended: false,
      };
      sources.add(source);
      return {
        async push(at, value) {
          begun ??= clock.now();
          source.last = at ?? source.last;
          source.queue.push({ at: source.last, value, arrived: clock.now() });
          pump();
          if (source.queue.length < room) return;
          await new Promise<void>((resolve) => {
            source.full = resolve;
          });
        },
        live() {
          source.isLive = true;
          pump();
        },
        end() {
          // What it has left is still handed on in its turn.
          source.ended = true;
          source.isLive = false;
          if (source.queue.length === 0) sources.delete(source);
          pump();
        },
      };
    },
    /** Hands on everything that waits, at once. */
    flush(): void {
      for (const source of sources) {
        source.isLive = false;
        source.silentSince = Number.NEGATIVE_INFINITY;
      }
      begun = Number.NEGATIVE_INFINITY;
      pump();
    },
  };
}
