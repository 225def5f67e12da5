/** How long a file in `pipelines/` may take to load, in milliseconds: reading a setting from elsewhere takes seconds. */
const loadLimitMs = 30_000;

/** What stops each load in progress; while there are some, `process.exit` throws. */
const loads = new Set<(error: Error) => void>();
let exit = process.exit;

/**
 * Runs the code of a user's file, which may call `process.exit` or never finish.
 * @param limitMs how long it may take, in milliseconds
 * @throws Error that says which of these it did; else what the file throws
 */
export async function guardedLoad<T>(load: () => Promise<T>, limitMs = loadLimitMs): Promise<T> {
  let stop: (error: Error) => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = reject;
  });
  // Without this reference the timer does not keep the process alive: `beforeExit` says at once when nothing else does.
  const timer = setTimeout(() => stop(new Error(`it has not finished after ${limitMs / 1000} s`)), limitMs).unref();
  begin(stop);
  try {
    return await Promise.race([load(), stopped]);
  } finally {
    clearTimeout(timer);
    end(stop);
  }
}

/** One listener for all loads: a project may have many files. A task of the event loop, as the process ends when this leaves none. */
function stopAll(): void {
  setImmediate(() => {
    for (const stop of loads) stop(new Error('it waits for something that never happens, and does not finish'));
  });
}

function begin(stop: (error: Error) => void): void {
  loads.add(stop);
  if (loads.size > 1) return;
  process.on('beforeExit', stopAll);
  exit = process.exit;
  process.exit = (code) => {
    throw new Error(`it calls process.exit(${code ?? ''}), and must not end the process`);
  };
}

function end(stop: (error: Error) => void): void {
  loads.delete(stop);
  if (loads.size > 0) return;
  process.off('beforeExit', stopAll);
  process.exit = exit;
}
