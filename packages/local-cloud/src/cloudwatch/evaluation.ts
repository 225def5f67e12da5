import type { PutMetricAlarmInput } from '@aws-sdk/client-cloudwatch';
import type { AlarmRecord, AlarmStateName } from '../model.ts';
import { settingsOf } from './alarms.ts';
import { balancerNamespace } from './balancer-metrics.ts';
import type { MetricStore } from './metric-store.ts';
import { dimensionsOf, statistic } from './statistics.ts';

const comparisons: Record<string, (value: number, threshold: number) => boolean> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

export interface Verdict {
  state: AlarmStateName;
  reason: string;
}

/** The end of the last whole period of an alarm, in milliseconds; undefined for alarms on metrics that are not measured here. */
export function lastPeriodEnd(alarm: AlarmRecord, now: number): number | undefined {
  const { Namespace, Period = 60 } = settingsOf(alarm);
  return Namespace === balancerNamespace ? Math.floor(now / (Period * 1000)) * Period * 1000 : undefined;
}

/**
 * What an alarm's last whole periods say of it. Those without data count as `TreatMissingData` says; by default they do not
 * count, and an alarm without any data is INSUFFICIENT_DATA.
 * @returns undefined when it stays as it is
 */
export function evaluateAlarm(alarm: AlarmRecord, store: MetricStore, end: number): Verdict | undefined {
  const settings = settingsOf(alarm);
  const { EvaluationPeriods: periods = 1, Threshold = 0, TreatMissingData: missing = 'missing' } = settings;
  const values = measured(settings, store, end);
  const breaks = comparisons[settings.ComparisonOperator ?? ''] ?? (() => false);
  const absent = periods - values.length;
  if (absent === periods && missing === 'missing')
    return { state: 'INSUFFICIENT_DATA', reason: `Insufficient Data: ${periods} datapoints were unknown.` };
  if (absent === periods && missing === 'ignore') return undefined;
  const breaking = values.filter((value) => breaks(value, Threshold)).length + (missing === 'breaching' ? absent : 0);
  const needed = settings.DatapointsToAlarm ?? periods;
  // Periods that do not count leave the decision to the others.
  const known = ['breaching', 'notBreaching'].includes(missing) ? periods : values.length;
  const state = breaking >= Math.min(needed, known) && breaking > 0 ? 'ALARM' : 'OK';
  const shown = values.map((value) => Number(value.toPrecision(6))).join(', ');
  const reason =
    state === 'ALARM'
      ? `Threshold Crossed: ${breaking} out of the last ${periods} datapoints [${shown}] crossed the threshold (${Threshold}).`
      : `Threshold not crossed: ${breaking} out of the last ${periods} datapoints [${shown}] crossed the threshold (${Threshold}).`;
  return { state, reason };
}

function measured(settings: PutMetricAlarmInput, store: MetricStore, end: number): number[] {
  const { MetricName = '', Period = 60, EvaluationPeriods = 1, Statistic, ExtendedStatistic } = settings;
  const dimensions = dimensionsOf(settings.Dimensions);
  const points = store.read(dimensions, MetricName, Period, end - EvaluationPeriods * Period * 1000, end);
  return points.map(({ values }) => statistic(values, Statistic ?? ExtendedStatistic ?? ''));
}
