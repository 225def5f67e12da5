import type { PutMetricAlarmInput } from '@aws-sdk/client-cloudwatch';
import { combination, invalid, missing } from './errors.ts';
import { percentile, statistics } from './statistics.ts';
import { isPeriod, oneOf, text, whole } from './validate.ts';

const operators = [
  'GreaterThanOrEqualToThreshold',
  'GreaterThanThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
] as const;

/**
 * Checks the settings of an alarm on one metric, and gives them as they are kept: defaults are not filled in, as in AWS.
 * @throws CloudError also for alarms that this cloud does not have (expressions, anomaly bands, PromQL).
 */
export function checkAlarm(input: PutMetricAlarmInput): Record<string, unknown> {
  const { Tags: _, ...settings } = input;
  text(input.AlarmName, 'AlarmName', 255);
  if (input.Metrics?.length || input.ThresholdMetricId || input.EvaluationCriteria)
    throw invalid('Only alarms on one metric are supported by this cloud: no Metrics, ThresholdMetricId or criteria');
  const { Statistic, ExtendedStatistic } = input;
  if (Statistic && ExtendedStatistic)
    throw combination('The parameters Statistic and ExtendedStatistic exclude each other.');
  if (!Statistic && !ExtendedStatistic) throw missing('Statistic');
  if (Statistic) oneOf(Statistic, 'statistic', statistics);
  if (ExtendedStatistic && !percentile.test(ExtendedStatistic))
    throw invalid(`The extended statistic '${ExtendedStatistic}' is not supported by this cloud: use p0 to p100`);
  text(input.MetricName, 'MetricName', 255);
  text(input.Namespace, 'Namespace', 255);
  if (input.Period === undefined) throw missing('Period');
  if (input.EvaluationPeriods === undefined) throw missing('EvaluationPeriods');
  if (input.Threshold === undefined) throw missing('Threshold');
  if (!input.ComparisonOperator) throw missing('ComparisonOperator');
  if (!isPeriod(input.Period)) throw invalid('Period must be 10, 20, 30 or a multiple of 60');
  const periods = whole(input.EvaluationPeriods, 'evaluationPeriods', 1, 86_400);
  if (input.DatapointsToAlarm !== undefined) whole(input.DatapointsToAlarm, 'datapointsToAlarm', 1, periods);
  // A day, or seven where a period has an hour or more (API reference, PutMetricAlarm).
  const longest = input.Period >= 3600 ? 7 * 86_400 : 86_400;
  if (input.Period * periods > longest) throw invalid('Metrics cannot be checked across more than a day');
  oneOf(input.ComparisonOperator, 'comparisonOperator', operators);
  if (input.TreatMissingData)
    oneOf(input.TreatMissingData, 'treatMissingData', ['breaching', 'notBreaching', 'ignore', 'missing']);
  for (const { Name, Value } of input.Dimensions ?? []) {
    text(Name, 'Name', 255);
    text(Value, 'Value', 1024);
  }
  return { ...settings, ActionsEnabled: input.ActionsEnabled ?? true };
}
