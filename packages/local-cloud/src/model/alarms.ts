import type { Tags } from './tags.ts';

export type AlarmStateName = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface AlarmRecord {
  name: string;
  arn: string;
  state: AlarmStateName;
  stateReason: string;
  /** JSON, as SetAlarmState carries it. */
  stateReasonData?: string;
  /** When the state was last set, and when it last became another one. */
  stateUpdatedAt: number;
  stateTransitionedAt: number;
  configuredAt: number;
  /** PutMetricAlarm's input in the SDK's shape, without its tags. */
  settings: Record<string, unknown>;
  tags: Tags;
}
