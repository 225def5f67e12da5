import { type Clock, sleepOn, type Timer } from '../../src/clock.ts';

/** How often it looks at the host's time, in milliseconds of that. */
const tickMs = 5;
/** What it counts of a turn of the event loop at most. */
const mostMs = 25;

/**
 * A time that runs `factor` times as fast as the host's, but only while this process gets on: what a busy host takes away, or a long
 * turn of the event loop, does not count. So a model of many machines has its delays, and a limit of time still means that something
 * takes too long in the model, not on the host. For machines of this process only: real ones do not wait.
 */
export function steadyClock(factor: number): Clock {
  let seen = performance.now();
  let time = Date.now();
  const now = (): number => {
    const host = performance.now();
    time += Math.min(host - seen, mostMs) * factor;
    seen = host;
    return time;
  };
  setInterval(now, tickMs).unref();
  const after = (ms: number, fn: () => void): Timer => {
    const due = now() + ms;
    let handle: NodeJS.Timeout | undefined;
    const wait = (left: number) => {
      handle = setTimeout(() => {
        const more = due - now();
        // The host's timers may fire a little early, and after a stall the time has not come yet.
        if (more > 0) wait(more);
        else fn();
      }, left / factor);
    };
    wait(Math.max(0, ms));
    return { cancel: () => clearTimeout(handle) };
  };
  return { now, after, sleep: (ms, signal) => sleepOn(after, ms, signal) };
}
