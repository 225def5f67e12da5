import type { CloudContext } from '../context.ts';
import type { HandlerTable } from '../wire/handler.ts';
import { Alarms } from './alarms.ts';
import { alarmHandlers } from './handlers/alarms.ts';

export interface CloudWatchService {
  /** The operations of CloudWatch, by name. */
  handlers: HandlerTable;
  /** Alarms for Auto Scaling. */
  alarms: Pick<Alarms, 'onStateChange'>;
}

/** CloudWatch's alarms and the metrics of load balancers. */
export function createCloudWatchService(context: CloudContext): CloudWatchService {
  const alarms = new Alarms(context);
  return { handlers: alarmHandlers(context, alarms), alarms };
}
