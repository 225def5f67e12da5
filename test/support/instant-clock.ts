import { type Clock, sleepOn, type Timer } from '@golden-pipeline/shared/clock';

/** A clock that nobody waits for: it moves on to each timer as soon as that is the next one due, however busy the host is. */
export function instantClock(): Clock {
  let time = Date.parse('2026-01-01T00:00:00Z');
  const timers = new Set<{ at: number; fn: () => void }>();
  const fireNext = (): void => {
    const [next] = [...timers].sort((a, b) => a.at - b.at);
    if (!next) return;
    timers.delete(next);
    time = Math.max(time, next.at);
    next.fn();
  };
  const after = (ms: number, fn: () => void): Timer => {
    const timer = { at: time + Math.max(0, ms), fn };
    timers.add(timer);
    setImmediate(fireNext);
    return { cancel: () => timers.delete(timer) };
  };
  return { now: () => time, after, sleep: (ms, signal) => sleepOn(after, ms, signal) };
}
