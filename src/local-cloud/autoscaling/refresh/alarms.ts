import type { CloudState, RefreshRecord } from '../../model.ts';

/** The first alarm of the refresh that is in ALARM; alarms that nobody has set are OK. */
export function alarmRaised(state: CloudState, refresh: RefreshRecord): string | undefined {
  return refresh.preferences.alarms.find((name) => state.alarms?.[name] === 'ALARM');
}

/** As AWS words the reason. */
export function alarmReason(name: string): string {
  return `The CloudWatch alarm ${name} is in the ALARM state.`;
}
