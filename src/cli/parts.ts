import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import type { RunResult } from '../engine/execute.ts';
import type { Plan } from '../engine/step.ts';
import type { CliContext } from './context.ts';

/** How often to look whether the time has come or the lock is free, and to say what one waits for, in milliseconds. */
const lookMs = 1000;
const sayMs = 60_000;

/** A part of a plan that is a run of its own. */
interface Part<Services, State> {
  plan: Plan<Services, State>;
  /** Time, in milliseconds since the epoch, at which it begins. */
  rest(state: State): number;
}

/** A plan in its parts: most have one; each step that rests begins another. */
export function partsOf<Services, State>(
  plan: Plan<Services, State>,
): [Part<Services, State>, ...Part<Services, State>[]] {
  const at = plan.steps.findIndex((step) => step.restsUntil);
  if (at < 0) return [{ plan, rest: () => 0 }];
  const [next, ...more] = partsOf({ ...plan, steps: plan.steps.slice(at + 1) });
  const rest = (state: State) => plan.steps[at]?.restsUntil?.(state) ?? 0;
  return [{ plan: { ...plan, steps: plan.steps.slice(0, at) }, rest: () => 0 }, { ...next, rest }, ...more];
}

/** Resolves at a time, or as soon as the signal is aborted. In short steps: a machine that slept has other timers than clocks. */
export async function waitUntil(clock: Clock, end: number, signal: AbortSignal): Promise<void> {
  while (clock.now() < end && !signal.aborted) {
    await clock.sleep(Math.min(lookMs, end - clock.now()), signal).catch(() => undefined);
  }
}

/** Takes a lock that another may hold, however long: what is to be done must be done. Says for whom it waits. */
export async function whenFree<T>({ clock, stderr }: CliContext, take: () => Promise<T>): Promise<T> {
  for (let said = Number.NEGATIVE_INFINITY; ; ) {
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'lock.held') throw error;
      if (clock.now() - said >= sayMs) {
        said = clock.now();
        stderr.write(`${error.message}; going on as soon as it is free (Ctrl-C twice stops)\n`);
      }
      await clock.sleep(lookMs);
    }
  }
}

/** What a later part came to, also when it could not begin. */
export async function settled<State>(
  run: Promise<RunResult<State>>,
  { initial, steps }: Plan<never, State>,
): Promise<RunResult<State>> {
  try {
    return await run;
  } catch (error) {
    const pending = steps.map(({ id, title }) => ({ id, title, status: 'pending' as const, seconds: 0 }));
    return { outcome: 'failed', error, left: [], state: initial, steps: pending, seconds: 0 };
  }
}

/** Two parts as one run. What the first did stands while the second has not ended it: then a person is needed. */
export function joined<State>(
  before: RunResult<State>,
  after: RunResult<State>,
  interrupted: AbortSignal,
): RunResult<State> {
  const steps = [...before.steps, ...after.steps];
  const seconds = before.seconds + after.seconds;
  if (after.outcome !== 'done') {
    const open = after.steps.filter(({ status }) => status !== 'done' && status !== 'skipped');
    const left = [...after.left, ...open.map(({ title }) => `not done: ${title}`)];
    return { ...after, outcome: 'needs-person', left, steps, seconds };
  }
  if (!interrupted.aborted) return { ...after, steps, seconds };
  return { ...after, outcome: 'interrupted', error: interrupted.reason, steps, seconds };
}
