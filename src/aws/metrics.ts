import type { CloudWatchClient, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { AwsTarget } from './clients.ts';
import { toPipelineError } from './errors.ts';

/** An alarm of CloudWatch. */
export interface AlarmState {
  name: string;
  /** `OK`, `ALARM` or `INSUFFICIENT_DATA`. */
  state: string;
  reason: string;
}

/** Requests of a target group in one period, as the load balancer counted them. */
export interface Period {
  /** Start of the period, in milliseconds since the epoch. */
  at: number;
  requests: number;
  /** Answers of the targets with status 500 or higher. */
  targetErrors: number;
  /** 95th percentile of the targets' response time, in milliseconds. */
  p95Ms?: number;
  /** Answers of the load balancer itself with status 500 or higher, over all its target groups. */
  balancerErrors: number;
  /** Requests of the load balancer that it has sent to targets, over all its target groups. */
  balancerRequests?: number;
}

/** The pipeline's port on CloudWatch. */
export interface Metrics {
  /** The named alarms that exist, of either kind. */
  alarms(names: readonly string[]): Promise<AlarmState[]>;
  /**
   * Periods of a minute between two times (milliseconds), oldest first; minutes without requests are absent. They reach
   * CloudWatch one to three minutes late.
   */
  periods(of: { listenerArn: string; targetGroupArn: string; from: number; to: number }): Promise<Period[]>;
  close(): void;
}

/** In seconds: the shortest period that a load balancer reports. */
const period = 60;

/** Opens the port on CloudWatch. The SDK's client is loaded at the first use, as that takes a third of a second. */
export function createMetrics(target: AwsTarget): Metrics {
  let loading: Promise<{ sdk: typeof import('@aws-sdk/client-cloudwatch'); client: CloudWatchClient }> | undefined;
  const load = () => {
    loading ??= import('@aws-sdk/client-cloudwatch').then((sdk) => ({
      sdk,
      client: new sdk.CloudWatchClient({ ...target, retryMode: 'adaptive', maxAttempts: 3 }),
    }));
    return loading;
  };
  return {
    async alarms(names) {
      const { sdk, client } = await load();
      const { MetricAlarms = [], CompositeAlarms = [] } = await client
        .send(new sdk.DescribeAlarmsCommand({ AlarmNames: [...names], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }))
        .catch((error: unknown) => {
          throw toPipelineError(error, 'DescribeAlarms');
        });
      return [...MetricAlarms, ...CompositeAlarms].map((alarm) => ({
        name: alarm.AlarmName ?? '',
        state: alarm.StateValue ?? 'INSUFFICIENT_DATA',
        reason: alarm.StateReason ?? '',
      }));
    },
    async periods({ listenerArn, targetGroupArn, from, to }) {
      const { sdk, client } = await load();
      const { MetricDataResults = [] } = await client
        .send(
          new sdk.GetMetricDataCommand({
            MetricDataQueries: queries(listenerArn, targetGroupArn),
            StartTime: new Date(from),
            EndTime: new Date(to),
            ScanBy: 'TimestampAscending',
          }),
        )
        .catch((error: unknown) => {
          throw toPipelineError(error, 'GetMetricData');
        });
      return toPeriods(MetricDataResults);
    },
    close() {
      void loading?.then(({ client }) => client.destroy());
    },
  };
}

function queries(listenerArn: string, targetGroupArn: string): MetricDataQuery[] {
  // arn:...:listener/app/<name>/<id>/<listener> belongs to the balancer app/<name>/<id>.
  const balancer = { Name: 'LoadBalancer', Value: listenerArn.replace(/^.*:listener\//, '').replace(/\/[^/]+$/, '') };
  const group = { Name: 'TargetGroup', Value: targetGroupArn.slice(targetGroupArn.indexOf('targetgroup/')) };
  const query = (id: string, name: string, stat: string, dimensions: (typeof balancer)[]): MetricDataQuery => ({
    Id: id,
    MetricStat: {
      Metric: { Namespace: 'AWS/ApplicationELB', MetricName: name, Dimensions: dimensions },
      Period: period,
      Stat: stat,
    },
  });
  return [
    query('requests', 'RequestCount', 'Sum', [balancer, group]),
    query('targetErrors', 'HTTPCode_Target_5XX_Count', 'Sum', [balancer, group]),
    query('p95', 'TargetResponseTime', 'p95', [balancer, group]),
    query('balancerErrors', 'HTTPCode_ELB_5XX_Count', 'Sum', [balancer]),
    query('balancerRequests', 'RequestCount', 'Sum', [balancer]),
  ];
}

/**
 * A metric has no value for a minute in which nothing happened: with requests and no errors, the error count is
 * missing.
 */
function toPeriods(results: readonly { Id?: string; Timestamps?: Date[]; Values?: number[] }[]): Period[] {
  const values = (id: string): Map<number, number> => {
    const { Timestamps = [], Values = [] } = results.find((result) => result.Id === id) ?? {};
    return new Map(Timestamps.map((at, index) => [at.getTime(), Values[index] ?? 0]));
  };
  const requests = values('requests');
  const targetErrors = values('targetErrors');
  const p95 = values('p95');
  const balancerErrors = values('balancerErrors');
  const balancerRequests = values('balancerRequests');
  const times = [...new Set([...requests.keys(), ...balancerErrors.keys()])].sort((a, b) => a - b);
  return times.map((at) => {
    const seconds = p95.get(at);
    return {
      at,
      requests: requests.get(at) ?? 0,
      targetErrors: targetErrors.get(at) ?? 0,
      ...(seconds === undefined ? {} : { p95Ms: seconds * 1000 }),
      balancerErrors: balancerErrors.get(at) ?? 0,
      balancerRequests: balancerRequests.get(at) ?? 0,
    };
  });
}
