import { alarmState } from '../../cloudwatch/alarms.ts';
import type { CloudContext } from '../../context.ts';
import type { RefreshRecord } from '../../model.ts';

/** The first alarm that the refresh watches and that is in the ALARM state. */
export function raisedAlarm(context: CloudContext, refresh: RefreshRecord): string | undefined {
  return refresh.preferences.alarms.find((name) => alarmState(context, name) === 'ALARM');
}

/** For the status reason; AWS's own wording is unpublished. */
export function alarmReason(name: string): string {
  return `The CloudWatch alarm ${name} is in the ALARM state.`;
}
