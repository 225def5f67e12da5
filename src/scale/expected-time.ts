import prettyMs from 'pretty-ms';
import type { ScaleServices, ScaleState } from '../fleet/scaling/state.ts';
import type { RunRecord } from '../ledger/types.ts';
import { scaleName } from './name.ts';

/** Runs of the app that are looked through for what a former one took. */
const recentRuns = 30;

/**
 * How long it takes until the new machines serve: health checks of the balancer after the boot, and what is known of the boot: a
 * former scale-out, else the proof of the last release, in which one machine went the same way.
 */
export async function expectedTime(
  { fleet, ledger }: ScaleServices,
  { at }: Pick<ScaleState['scale'], 'at'>,
): Promise<string> {
  const { intervalSeconds, healthyThreshold } = fleet.balancer.healthCheck;
  const checks = `${text(intervalSeconds * healthyThreshold)} of health checks (${healthyThreshold} x ${intervalSeconds} s)`;
  const runs = await ledger.runs(fleet.app, recentRuns).catch((): RunRecord[] => []);
  const after = at === undefined ? '' : ` from ${at} on`;
  const former = runs.find((run) => run.operation === scaleName && secondsOf(run, 'wait') !== undefined);
  if (former) {
    const seconds = (secondsOf(former, 'resize') ?? 0) + (secondsOf(former, 'wait') ?? 0);
    return `expected time${after}: about ${text(seconds)}, as \`${former.command}\` took; boot, and ${checks}`;
  }
  const proven = runs.map((run) => secondsOf(run, 'prove')).find((seconds) => seconds !== undefined);
  if (proven !== undefined) {
    return `expected time${after}: at most about ${text(proven)}, as one machine took to be proven; boot, and ${checks}`;
  }
  return `expected time${after}: the boot of a machine, and ${checks}; the proof shows how long that is`;
}

const secondsOf = (run: RunRecord, id: string): number | undefined =>
  run.steps.find((step) => step.id === id && step.status === 'done')?.seconds;

const text = (seconds: number): string => prettyMs(Math.round(seconds) * 1000);
