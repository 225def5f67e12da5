import type * as cw from '@aws-sdk/client-cloudwatch';
import type { CloudContext } from '../../context.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { balancerNamespace, unitOf } from '../balancer-metrics.ts';
import { combination, invalid, missing } from '../errors.ts';
import type { MetricStore } from '../metric-store.ts';
import { dimensionsOf, percentile, statistic, statistics } from '../statistics.ts';
import { oneOf, page, period, text } from '../validate.ts';

/** Datapoints that one call may ask for (API reference, GetMetricStatistics and GetMetricData). */
const limits = { statistics: 1440, data: 100_800, queries: 500 };

/** Metrics of load balancers. */
export function metricHandlers(context: CloudContext, store: MetricStore): HandlerTable {
  /** What the balancer has served until now is in the store after this. */
  const settle = () => context.balancer.read();

  return {
    async GetMetricData(input: cw.GetMetricDataInput): Promise<cw.GetMetricDataOutput> {
      const queries = input.MetricDataQueries ?? [];
      if (queries.length === 0) throw missing('MetricDataQueries');
      if (queries.length > limits.queries) throw invalid(`At most ${limits.queries} metrics can be asked for at once`);
      const { from, to } = span(input.StartTime, input.EndTime);
      const ids = queries.map(({ Id }) => Id ?? '');
      const wrong = ids.find((id) => !/^[a-z][A-Za-z0-9_]{0,254}$/.test(id));
      if (wrong !== undefined)
        throw invalid(`The Id '${wrong}' must begin with a small letter and hold letters, digits and underscores only`);
      if (new Set(ids).size < ids.length) throw invalid('Ids must be unique in a request');
      for (const query of queries) checkQuery(query, from, to);
      await settle();
      const newestFirst = input.ScanBy !== 'TimestampAscending';
      const results = queries
        .filter(({ ReturnData }) => ReturnData !== false)
        .map(({ Id, Label, MetricStat }): cw.MetricDataResult => {
          const { Metric, Period = 60, Stat = '', Unit } = MetricStat ?? {};
          const points = unitFits(Metric?.MetricName, Unit)
            ? store.read(dimensionsOf(Metric?.Dimensions), nameOf(Metric), Period, from, to)
            : [];
          if (newestFirst) points.reverse();
          return {
            ...{ Id, Label: Label ?? Metric?.MetricName, StatusCode: 'Complete' },
            Timestamps: points.map(({ at }) => new Date(at)),
            Values: points.map(({ values }) => statistic(values, Stat)),
          };
        });
      return { MetricDataResults: results, Messages: [] };
    },

    async GetMetricStatistics(input: cw.GetMetricStatisticsInput): Promise<cw.GetMetricStatisticsOutput> {
      const { Statistics = [], ExtendedStatistics = [], Period = 60, MetricName, Unit } = input;
      const { from, to } = span(input.StartTime, input.EndTime);
      period(Period, 'Period');
      if (!Statistics.length && !ExtendedStatistics.length) throw missing('Statistics');
      for (const one of Statistics) oneOf(one, 'statistics', statistics);
      for (const one of ExtendedStatistics) if (!percentile.test(one)) throw unknownStatistic(one);
      const asked = Math.floor((to - from) / (Period * 1000));
      if (asked > limits.statistics)
        throw combination(
          `You have requested up to ${count(asked)} datapoints, which exceeds the limit of ${count(limits.statistics)}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
        );
      await settle();
      const metric = nameOf(input);
      const points = unitFits(MetricName, Unit)
        ? store.read(dimensionsOf(input.Dimensions), metric, Period, from, to)
        : [];
      return {
        Label: MetricName,
        Datapoints: points.map(({ at, values }) => ({
          ...{ Timestamp: new Date(at), Unit: unitOf(MetricName ?? '') },
          ...Object.fromEntries(Statistics.map((one) => [one, statistic(values, one)])),
          ...(ExtendedStatistics.length && {
            ExtendedStatistics: Object.fromEntries(ExtendedStatistics.map((one) => [one, statistic(values, one)])),
          }),
        })),
      };
    },

    async ListMetrics(input: cw.ListMetricsInput): Promise<cw.ListMetricsOutput> {
      const { Namespace, MetricName, Dimensions: wanted = [], RecentlyActive } = input;
      if (RecentlyActive) oneOf(RecentlyActive, 'recentlyActive', ['PT3H']);
      await settle();
      const recent = context.clock.now() - 3 * 3_600_000;
      const found = [...store.list()]
        .filter(({ metric, last }) => (!MetricName || metric === MetricName) && (!RecentlyActive || last >= recent))
        .filter(() => !Namespace || Namespace === balancerNamespace)
        .filter(({ dimensions }) =>
          wanted.every(({ Name = '', Value }) => {
            return Object.hasOwn(dimensions, Name) && (Value === undefined || dimensions[Name] === Value);
          }),
        );
      const { items, NextToken } = page(found, input.NextToken, 500);
      return {
        Metrics: items.map(({ dimensions, metric }) => ({
          ...{ Namespace: balancerNamespace, MetricName: metric },
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        })),
        NextToken,
      };
    },
  };
}

function checkQuery({ Id, MetricStat, Expression }: cw.MetricDataQuery, from: number, to: number): void {
  if (Expression) throw invalid(`Expressions are not supported by this cloud: give the query '${Id}' a MetricStat`);
  if (!MetricStat) throw missing('MetricStat');
  text(MetricStat.Metric?.MetricName, 'MetricName', 255);
  const width = period(MetricStat.Period ?? 60, 'Period');
  const stat = MetricStat.Stat ?? '';
  if (!(statistics as readonly string[]).includes(stat) && !percentile.test(stat)) throw unknownStatistic(stat);
  if ((to - from) / (width * 1000) > limits.data)
    throw invalid(`The query '${Id}' asks for more than ${limits.data} datapoints`);
}

const count = (number: number) => number.toLocaleString('en-US');

function unknownStatistic(name: string): CloudError {
  return invalid(`The statistic '${name}' is not supported by this cloud: ${statistics.join(', ')}, or p0 to p100`);
}

function span(start: Date | undefined, end: Date | undefined): { from: number; to: number } {
  if (!start) throw missing('StartTime');
  if (!end) throw missing('EndTime');
  if (start >= end) {
    const message = 'The parameter StartTime must be less than the parameter EndTime.';
    throw new CloudError('InvalidParameterValue', message);
  }
  return { from: start.getTime(), to: end.getTime() };
}

/** The store knows one namespace. Metrics of others have no data here. */
function nameOf(metric: cw.Metric | undefined): string {
  return metric?.Namespace === balancerNamespace ? (metric.MetricName ?? '') : '';
}

function unitFits(metric = '', unit: string | undefined): boolean {
  return unit === undefined || unit === unitOf(metric);
}
