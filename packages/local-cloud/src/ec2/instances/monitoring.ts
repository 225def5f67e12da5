import type {
  MonitorInstancesRequest,
  MonitorInstancesResult,
  UnmonitorInstancesRequest,
  UnmonitorInstancesResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { findInstances } from './lookup.ts';

/** Detailed monitoring on and off. It is kept and shown: no metrics of instances are taken here. */
export function monitoringHandlers(context: CloudContext): HandlerTable {
  const { state } = context;
  const change = (ids: string[] | undefined, monitoring: boolean) => {
    const records = findInstances(state, ids);
    for (const record of records) record.options = { ...record.options, monitoring };
    context.changed();
    const State = monitoring ? ('pending' as const) : ('disabling' as const);
    return { InstanceMonitorings: records.map(({ id }) => ({ InstanceId: id, Monitoring: { State } })) };
  };
  return {
    MonitorInstances: (input: MonitorInstancesRequest): MonitorInstancesResult => change(input.InstanceIds, true),
    UnmonitorInstances: (input: UnmonitorInstancesRequest): UnmonitorInstancesResult =>
      change(input.InstanceIds, false),
  };
}
