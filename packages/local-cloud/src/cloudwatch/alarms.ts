import type { PutMetricAlarmInput } from '@aws-sdk/client-cloudwatch';
import type { CloudContext } from '../context.ts';
import type { AlarmRecord, AlarmStateName } from '../model.ts';

/** What an alarm is in, by its record or by a fault that raises it; undefined for an alarm that there is not. */
export function alarmState(context: CloudContext, name: string): AlarmStateName | undefined {
  if (context.faults?.isAlarmRaised(name, context.region.name)) return 'ALARM';
  const alarms = context.state.alarms ?? {};
  return Object.hasOwn(alarms, name) ? alarms[name]?.state : undefined;
}

/** What PutMetricAlarm was given. */
export function settingsOf(alarm: AlarmRecord): PutMetricAlarmInput {
  return { AlarmName: alarm.name, ...alarm.settings };
}

/** The alarms of a region: the records, and who is to know of changes. */
export class Alarms {
  readonly #context: CloudContext;
  readonly #listeners: ((name: string) => void)[] = [];

  constructor(context: CloudContext) {
    this.#context = context;
  }

  /** Sorted by name, as CloudWatch lists them. */
  all(): AlarmRecord[] {
    return Object.values(this.#context.state.alarms ?? {}).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): AlarmRecord | undefined {
    const alarms = this.#context.state.alarms ?? {};
    return Object.hasOwn(alarms, name) ? alarms[name] : undefined;
  }

  byArn(arn: string): AlarmRecord | undefined {
    return this.all().find((alarm) => alarm.arn === arn);
  }

  put(alarm: AlarmRecord): void {
    this.#context.state.alarms ??= {};
    this.#context.state.alarms[alarm.name] = alarm;
    this.#context.changed();
  }

  delete(name: string): void {
    if (this.#context.state.alarms) delete this.#context.state.alarms[name];
    this.#context.changed();
  }

  /** Puts an alarm into a state; tells the listeners when it is another one. */
  setState(alarm: AlarmRecord, state: AlarmStateName, reason: string, reasonData?: string): void {
    const now = this.#context.clock.now();
    const before = alarm.state;
    Object.assign(alarm, { state, stateReason: reason, stateUpdatedAt: now });
    alarm.stateReasonData = reasonData;
    if (before !== state) alarm.stateTransitionedAt = now;
    this.#context.changed();
    if (before !== state) for (const listener of this.#listeners) listener(alarm.name);
  }

  /** Calls `listener` after each change of an alarm's state. */
  onStateChange(listener: (name: string) => void): void {
    this.#listeners.push(listener);
  }
}
