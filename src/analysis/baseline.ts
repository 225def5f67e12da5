import { messageOf, usageError } from '@golden-pipeline/shared/errors';
import type { ContextWith, FleetFacts } from '../fleet/services.ts';
import { validationHeaders } from '../fleet/smoke.ts';
import { instantText } from '../shared/instant.ts';
import { askedPaths } from './answers.ts';
import { pastCounters } from './counters.ts';
import { Prober } from './prober.ts';
import { restartBaseline } from './restarts.ts';
import { quantile } from './statistics.ts';
import { answersOf } from './stream.ts';
import type { Baseline, Sample } from './types.ts';

type Context = ContextWith<object>;

/**
 * Measures what serves now, before anything is switched: for `release.watch.baselineSeconds` by probes, and by what the balancer has
 * counted in the last quarter of an hour. Resolves with undefined when that is turned off.
 */
export async function takeBaseline(context: Context, facts: FleetFacts): Promise<Baseline | undefined> {
  const { fleet, probe, ledger } = context.services;
  const { watch } = fleet.release;
  if (watch.baselineSeconds === 0) return undefined;
  const { version } = facts.current;
  const commit = version && (await ledger.release(fleet.app, version))?.commit;
  const samples: Sample[] = [];
  const asked = askedPaths(fleet);
  const prober = new Prober({
    clock: context.clock,
    probe,
    url: facts.url,
    asked,
    headers: validationHeaders(fleet),
    perSecond: watch.perSecond,
    versions: version === undefined ? [] : [{ version, ...(commit ? { commit } : {}) }],
    versionHeader: watch.versionHeader,
    take: (sample) => samples.push(sample),
  });
  await context.window('measuring what serves now', watch.baselineSeconds);
  const reading = watch.restarts ? restartBaseline(context, facts) : undefined;
  try {
    await context.clock.sleep(watch.baselineSeconds * 1000, context.signal);
  } finally {
    prober.stop();
  }
  const counters = await countersBefore(context, facts);
  const restarts = await reading;
  const baseline: Baseline = {
    at: instantText(context.clock.now()),
    ...(version === undefined ? {} : { version }),
    paths: asked.map(({ path }) => {
      const { of, failed, times } = answersOf(samples.filter((sample) => sample.path === path));
      return { path, of, failed, times: times.map((ms) => Math.round(ms * 10) / 10) };
    }),
    ...(counters && { counters }),
    ...(restarts && { restarts }),
  };
  context.note(`what serves now: ${describeBaseline(baseline)}`);
  return baseline;
}

async function countersBefore(context: Context, { listenerArn, targetGroupArn }: FleetFacts) {
  const { metrics } = context.services;
  try {
    return metrics && (await pastCounters(metrics, { listenerArn, targetGroupArn }, context.clock.now()));
  } catch (error) {
    // The release is then evaluated by probes alone; the balancer's counters only add to them.
    context.note(`the balancer's counters are not compared: ${messageOf(error)}`);
    return undefined;
  }
}

/** `/version 48 answers, 0 failed, median 3 ms, p95 9 ms`, path by path. */
function describeBaseline({ paths }: Baseline): string {
  const ms = (times: readonly number[], q: number) => `${Math.round(quantile(times, q) ?? 0)} ms`;
  return paths
    .map(
      ({ path, of, failed, times }) =>
        `${path} ${of} answers, ${failed} failed, median ${ms(times, 0.5)}, p95 ${ms(times, 0.95)}`,
    )
    .join('; ');
}

/**
 * The alarms that can fail this release: those of `release.alarms` that are not in ALARM already. One that is in ALARM before
 * anything was changed says nothing about the new version, and the release may well be what fixes it.
 * @throws usage error `release.alarms` for a name that no alarm has
 */
export async function alarmsToWatch(context: Context): Promise<string[]> {
  const { fleet, metrics } = context.services;
  const { alarms: names } = fleet.release;
  if (names.length === 0 || !metrics) return [];
  const found = await metrics.alarms(names);
  const missing = names.filter((name) => !found.some((alarm) => alarm.name === name));
  if (missing.length > 0) {
    throw usageError(
      'release.alarms',
      `release.alarms of ${fleet.app} in ${fleet.environment} names ${missing.join(', ')}, but CloudWatch in ${fleet.region} has no such alarm`,
      'correct the name, or create the alarm first',
    );
  }
  const inAlarm = found.filter((alarm) => alarm.state === 'ALARM').map((alarm) => alarm.name);
  if (inAlarm.length > 0) {
    context.note(`${inAlarm.join(', ')} in ALARM before anything was changed: ignored by this release`);
  }
  return names.filter((name) => !inAlarm.includes(name));
}
