import type { CloudContext } from '../context.ts';
import type { Service } from '../service.ts';
import { Alarms } from './alarms.ts';
import { BalancerMetrics } from './balancer-metrics.ts';
import { alarmHandlers } from './handlers/alarms.ts';
import { metricHandlers } from './handlers/metrics.ts';
import { MetricStore } from './metric-store.ts';
import { Watch } from './watch.ts';

export interface CloudWatchService extends Service {
  /** Alarms for Auto Scaling. */
  alarms: Pick<Alarms, 'onStateChange'>;
  /** Begins to measure, and to evaluate alarms. */
  start(): void;
  stop(): void;
}

/** CloudWatch's alarms and the metrics of load balancers. */
export function createCloudWatchService(context: CloudContext): CloudWatchService {
  const alarms = new Alarms(context);
  const store = new MetricStore();
  const watch = new Watch(context, new BalancerMetrics(context, store), store, alarms);
  return {
    handlers: { ...alarmHandlers(context, alarms), ...metricHandlers(context, store) },
    alarms,
    start: () => watch.start(),
    stop: () => watch.stop(),
  };
}
