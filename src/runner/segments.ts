import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import type { RunResult } from '../engine/execute.ts';
import type { Plan } from '../engine/step.ts';
import type { RunnerContext } from './ports.ts';

/** How often the clock and the lock are read, and how often it is reported what is waited for, in milliseconds. */
const pollMs = 1000;
const reportMs = 60_000;

/** A part of a plan that is a run of its own. */
interface Segment<Services, State> {
  plan: Plan<Services, State>;
  /** Time, in milliseconds since the epoch, at which it begins. */
  startsAt(state: State): number;
}

/** A plan in its segments: most have one; each step that pauses begins another. */
export function segmentsOf<Services, State>(
  plan: Plan<Services, State>,
): [Segment<Services, State>, ...Segment<Services, State>[]] {
  const at = plan.steps.findIndex((step) => step.restsUntil);
  if (at < 0) return [{ plan, startsAt: () => 0 }];
  const [next, ...more] = segmentsOf({ ...plan, steps: plan.steps.slice(at + 1) });
  const startsAt = (state: State) => plan.steps[at]?.restsUntil?.(state) ?? 0;
  return [{ plan: { ...plan, steps: plan.steps.slice(0, at) }, startsAt: () => 0 }, { ...next, startsAt }, ...more];
}

/** Resolves at a time, or as soon as the signal is aborted. In short steps: timers stop while a computer sleeps, its clock does not. */
export async function pauseUntil(clock: Clock, end: number, signal: AbortSignal): Promise<void> {
  while (clock.now() < end && !signal.aborted) {
    await clock.sleep(Math.min(pollMs, end - clock.now()), signal).catch(() => undefined);
  }
}

/** Takes a lock that another run may hold, however long that takes, and reports what it waits for. */
export async function waitForLock<T>(
  { clock, reporter }: Pick<RunnerContext, 'clock' | 'reporter'>,
  take: () => Promise<T>,
): Promise<T> {
  for (let reported = Number.NEGATIVE_INFINITY; ; ) {
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'lock.held') throw error;
      if (clock.now() - reported >= reportMs) {
        reported = clock.now();
        reporter.report({ code: 'lock.waiting', reason: error.message });
      }
      await clock.sleep(pollMs);
    }
  }
}

/** The result of a later segment, also when it could not begin. */
export async function toResult<State>(
  run: Promise<RunResult<State>>,
  { initial, steps }: Plan<never, State>,
): Promise<RunResult<State>> {
  try {
    return await run;
  } catch (error) {
    const pending = steps.map(({ id, title }) => ({ id, title, status: 'pending' as const, seconds: 0 }));
    return { outcome: 'failed', error, leftovers: [], state: initial, steps: pending, seconds: 0 };
  }
}

/** Two segments as one run. What the first changed stays until the second has finished: if that fails, manual intervention is required. */
export function mergeResults<State>(
  before: RunResult<State>,
  after: RunResult<State>,
  interrupted: AbortSignal,
): RunResult<State> {
  const steps = [...before.steps, ...after.steps];
  const seconds = before.seconds + after.seconds;
  if (after.outcome !== 'done') {
    const open = after.steps.filter(({ status }) => status !== 'done' && status !== 'skipped');
    const leftovers = [...after.leftovers, ...open.map(({ title }) => `not done: ${title}`)];
    return { ...after, outcome: 'manual-intervention', leftovers, steps, seconds };
  }
  if (!interrupted.aborted) return { ...after, steps, seconds };
  return { ...after, outcome: 'interrupted', error: interrupted.reason, steps, seconds };
}
