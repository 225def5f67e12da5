import prettyMs from 'pretty-ms';
import type { Services } from '../fleet/services.ts';
import type { RunRecord } from '../ledger/types.ts';
import { instantText } from '../shared/instant.ts';
import { scaleName } from './name.ts';
import type { ScaleFacts } from './state.ts';

/** Runs of the app that are looked through for what a former one took. */
const recentRuns = 30;

/**
 * How long it takes until the new instances serve: health checks of the balancer after the boot, and what is known of the boot: a
 * former scale-out, else the validation of the last release, in which one instance went the same way.
 */
export async function expectedTime({ fleet, ledger }: Services, { at }: Pick<ScaleFacts, 'at'>): Promise<string> {
  const { intervalSeconds, healthyThreshold } = fleet.balancer.healthCheck;
  const checks = `${text(intervalSeconds * healthyThreshold)} of health checks (${healthyThreshold} x ${intervalSeconds} s)`;
  const runs = await ledger.runs(fleet.app, recentRuns).catch((): RunRecord[] => []);
  const after = at === undefined ? '' : ` from ${instantText(at)} on`;
  const former = runs.find((run) => run.operation === scaleName && secondsOf(run, 'wait') !== undefined);
  if (former) {
    const seconds = (secondsOf(former, 'resize') ?? 0) + (secondsOf(former, 'wait') ?? 0);
    return `expected time${after}: about ${text(seconds)}, as \`${former.command}\` took; boot, and ${checks}`;
  }
  const validationSeconds = runs.map((run) => secondsOf(run, 'validate')).find((seconds) => seconds !== undefined);
  if (validationSeconds !== undefined) {
    return `expected time${after}: at most about ${text(validationSeconds)}, the time of the last image validation: boot, and ${checks}`;
  }
  return `expected time${after}: the boot of an instance, and ${checks}; the validation shows how long that is`;
}

const secondsOf = (run: RunRecord, id: string): number | undefined =>
  run.steps.find((step) => step.id === id && step.status === 'done')?.seconds;

const text = (seconds: number): string => prettyMs(Math.round(seconds) * 1000);
