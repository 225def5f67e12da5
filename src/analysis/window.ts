import { isTimeout } from '../engine/poll.ts';
import { coverageOf, coverageText, leastRestartSeconds } from './coverage.ts';
import { restartsConvict, restartText } from './restart-rate.ts';
import { type RestartReport, RestartWatch } from './restarts.ts';
import type { Fault, Phase } from './types.ts';
import { openWatch, type WatchContext, type WatchWhere, watchFailure } from './watch.ts';

/**
 * Watches the new version for a window. It ends when the time is over and nothing is wrong at that moment.
 * @param window `what` stands before the progress; `failed` is the error of a persistent failure, to which the evidence is added.
 * @throws PipelineError as `failed` says, with the evidence in its details and in the run's state.
 */
export async function watchWindow(
  context: WatchContext,
  phase: Phase,
  window: {
    seconds: number;
    what?: string;
    failed: { code: string; message: string; fix?: string };
    where?: WatchWhere;
  },
): Promise<void> {
  const { release } = context.services.fleet;
  const watch = await openWatch(context, phase, window.where);
  const began = context.clock.now();
  const end = began + window.seconds * 1000;
  const counts = phase === 'verify' && window.seconds >= leastRestartSeconds && release.watch.restarts;
  const restarts = counts ? new RestartWatch(context) : undefined;
  let restarted: RestartReport | undefined;
  const what = window.what === undefined ? '' : `${window.what}: `;
  try {
    await context.window(`${what}watching the new version`, window.seconds);
    await context.poll({
      what: 'the window to pass',
      read: async () => {
        const found = await watch.sample();
        if (found.some((fault) => fault.persistent)) throw await watchFailure(context, watch, window.failed);
        if (context.clock.now() < end || found.length > 0) return found;
        if (restarts && !restarted) {
          restarted = await restarts.end();
          if (tooManyRestarts(context, restarted)) {
            watch.addRestarts(restarted);
            throw await watchFailure(context, watch, window.failed);
          }
        }
        return found;
      },
      until: (found) => context.clock.now() >= end && found.length === 0,
      progress: (found) => {
        context.progress(`${what}${found.length > 0 ? messages(found) : 'all healthy'}`, { endsAt: end });
      },
      everyMs: release.pollSeconds * 1000,
      timeoutMs: (window.seconds + release.timeouts.health) * 1000,
    });
    if (phase !== 'verify') return;
    const coverage = coverageOf((context.clock.now() - began) / 1000, watch.seen(), restarted, release.watch);
    await context.save({ window: coverage });
    context.note(coverageText(coverage));
  } catch (error) {
    // Faults that come and go for that long count as persistent, too.
    if (isTimeout(error)) {
      throw await watchFailure(context, watch, window.failed);
    }
    throw error;
  } finally {
    watch.close();
  }
}

/** Whether restarts fail the version; those that do not are noted. */
function tooManyRestarts(context: WatchContext, report: RestartReport): boolean {
  if (report.restarted.length === 0) return false;
  const before = context.state.baseline?.restarts;
  const times = report.restarted.reduce((sum, one) => sum + one.times, 0);
  const now = { ...report, restarted: report.restarted.length, times };
  if (restartsConvict(now, before, context.services.fleet.release.watch)) return true;
  context.note(`${restartText(report, before)}: not more than is tolerated, or not more often than before`);
  return false;
}

const messages = (found: readonly Fault[]): string => found.map((fault) => fault.message).join('; ');
