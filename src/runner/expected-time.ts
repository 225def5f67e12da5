import { quantile } from '../analysis/statistics.ts';
import type { ExpectedTime } from '../engine/events.ts';
import type { Ledger, RunRecord } from '../ledger/types.ts';

/** So many of the app's newest runs are read. */
const readRuns = 30;
/** A median of so many: older ones say less of how long it takes now. */
const countedRuns = 9;

/**
 * How long a run is expected to take: the medians of the app's last runs of the same operation with the same steps that succeeded.
 * Undefined when there is none, and when the ledger cannot be read: a run does not depend on it.
 */
export async function readExpectedTime(
  ledger: Pick<Ledger, 'runs'>,
  { operation, app, environment, steps }: Pick<RunRecord, 'operation' | 'app' | 'environment'> & { steps: StepIds },
): Promise<ExpectedTime | undefined> {
  try {
    const runs = await ledger.runs(app, readRuns);
    return expectedTime(
      runs.filter((run) => run.operation === operation && run.environment === environment),
      steps,
    );
  } catch {
    return undefined;
  }
}

type StepIds = readonly { readonly id: string }[];

/** The medians of those runs, newest first, that succeeded with exactly these steps. */
export function expectedTime(runs: readonly RunRecord[], steps: StepIds): ExpectedTime | undefined {
  const wanted = steps.map(({ id }) => id).join(' ');
  const alike = runs
    .filter((run) => run.outcome === 'done' && run.seconds !== undefined)
    .filter((run) => run.steps.map(({ id }) => id).join(' ') === wanted)
    .slice(0, countedRuns);
  if (alike.length === 0) return undefined;
  const ofStep = (id: string) =>
    alike.flatMap((run) =>
      run.steps.filter((step) => step.id === id && step.status === 'done').map((one) => one.seconds),
    );
  const known = steps.flatMap(({ id }): [string, number][] => {
    const seconds = ofStep(id);
    return seconds.length === 0 ? [] : [[id, median(seconds)]];
  });
  return {
    seconds: median(alike.map((run) => run.seconds ?? 0)),
    steps: Object.fromEntries(known),
    runs: alike.length,
  };
}

/** To the millisecond. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((quantile(sorted, 0.5) ?? 0) * 1000) / 1000;
}
