import type * as cw from '@aws-sdk/client-cloudwatch';
import type { CloudContext } from '../../context.ts';
import type { AlarmRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { type Alarms, alarmState, settingsOf } from '../alarms.ts';
import { combination, invalid } from '../errors.ts';
import { checkAlarm } from '../put-alarm.ts';
import { tagged } from '../tags.ts';
import { oneOf, page, text, whole } from '../validate.ts';

const states = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;

/** Alarms on one metric each. */
export function alarmHandlers(context: CloudContext, alarms: Alarms): HandlerTable {
  const { clock, region } = context;

  /** A fault may raise an alarm that nobody has put: it is shown all the same to those who ask for it. */
  function named(name: string): AlarmRecord | undefined {
    const alarm = alarms.find(name) ?? { ...blank(name), settings: { AlarmName: name, ActionsEnabled: true } };
    if (alarmState(context, name) !== 'ALARM') return alarms.find(name);
    return alarm.state === 'ALARM' ? alarm : { ...alarm, state: 'ALARM', stateReason: 'Raised by a fault' };
  }

  function blank(name: string): AlarmRecord {
    const at = clock.now();
    return {
      ...{ name, arn: `arn:aws:cloudwatch:${region.name}:${account.id}:alarm:${name}` },
      ...{ state: 'INSUFFICIENT_DATA', stateReason: 'Unchecked: Initial alarm creation' },
      ...{ stateUpdatedAt: at, stateTransitionedAt: at, configuredAt: at, settings: {}, tags: {} },
    };
  }

  function enable(names: string[] | undefined, ActionsEnabled: boolean): object {
    for (const name of names ?? []) {
      const alarm = alarms.find(name);
      if (alarm) alarms.put({ ...alarm, settings: { ...alarm.settings, ActionsEnabled } });
    }
    return {};
  }

  return {
    PutMetricAlarm(input: cw.PutMetricAlarmInput): object {
      const settings = checkAlarm(input);
      const name = input.AlarmName ?? '';
      const before = alarms.find(name);
      // Tags are for new alarms; those of an alarm that is there stay as they are.
      const alarm: AlarmRecord = before ?? { ...blank(name), tags: tagged({}, input.Tags) };
      alarms.put({ ...alarm, settings, configuredAt: clock.now() });
      return {};
    },

    DescribeAlarms(input: cw.DescribeAlarmsInput): cw.DescribeAlarmsOutput {
      const { AlarmNames: names, AlarmNamePrefix: prefix, AlarmTypes: types, StateValue, ActionPrefix } = input;
      if (names?.length && prefix) throw combination('AlarmNames and AlarmNamePrefix exclude each other.');
      if ((names?.length ?? 0) > 100) throw invalid('At most 100 alarm names can be given');
      if (StateValue) oneOf(StateValue, 'stateValue', states);
      const size = whole(input.MaxRecords ?? 50, 'maxRecords', 1, 100);
      for (const type of types ?? []) oneOf(type, 'alarmTypes', ['MetricAlarm', 'CompositeAlarm', 'LogAlarm']);
      const wanted = names?.length ? [...new Set(names)] : alarms.all().map(({ name }) => name);
      const found = wanted
        .flatMap((name) => named(name) ?? [])
        .filter((alarm) => !prefix || alarm.name.startsWith(prefix))
        .filter((alarm) => !StateValue || alarm.state === StateValue)
        .filter((alarm) => !ActionPrefix || actionsOf(alarm).some((action) => action.startsWith(ActionPrefix)));
      const shown = types?.length && !types.includes('MetricAlarm') ? [] : found;
      const { items, NextToken } = page(shown, input.NextToken, size);
      return { MetricAlarms: items.map(showAlarm), CompositeAlarms: [], NextToken };
    },

    DescribeAlarmsForMetric(input: cw.DescribeAlarmsForMetricInput): cw.DescribeAlarmsForMetricOutput {
      const key = (dimensions: cw.Dimension[] = []): string =>
        JSON.stringify(dimensions.map(({ Name, Value }) => [Name, Value]).sort());
      const found = alarms.all().filter((record) => {
        const alarm = settingsOf(record);
        if (alarm.MetricName !== input.MetricName || alarm.Namespace !== input.Namespace) return false;
        if (key(alarm.Dimensions) !== key(input.Dimensions)) return false;
        return (['Statistic', 'ExtendedStatistic', 'Period', 'Unit'] as const).every(
          (one) => input[one] === undefined || input[one] === alarm[one],
        );
      });
      return { MetricAlarms: found.flatMap(({ name }) => named(name) ?? []).map(showAlarm) };
    },

    DeleteAlarms({ AlarmNames = [] }: cw.DeleteAlarmsInput): object {
      if (AlarmNames.length > 100) throw invalid('At most 100 alarms can be deleted at once');
      const absent = AlarmNames.find((name) => !alarms.find(name));
      if (absent !== undefined) throw notFound(absent);
      for (const name of AlarmNames) alarms.delete(name);
      return {};
    },

    SetAlarmState(input: cw.SetAlarmStateInput): object {
      const name = text(input.AlarmName, 'AlarmName', 255);
      const value = oneOf(input.StateValue ?? '', 'stateValue', states);
      const reason = (input.StateReason ?? '').slice(0, 1024);
      if (input.StateReasonData && !isJson(input.StateReasonData))
        throw new CloudError('InvalidFormat', 'StateReasonData is not JSON');
      const alarm = alarms.find(name);
      if (!alarm) throw notFound(name);
      alarms.setState(alarm, value, reason, input.StateReasonData);
      return {};
    },

    EnableAlarmActions: ({ AlarmNames }: cw.EnableAlarmActionsInput) => enable(AlarmNames, true),
    DisableAlarmActions: ({ AlarmNames }: cw.DisableAlarmActionsInput) => enable(AlarmNames, false),

    TagResource({ ResourceARN, Tags }: cw.TagResourceInput): object {
      const alarm = resource(ResourceARN);
      alarms.put({ ...alarm, tags: tagged(alarm.tags, Tags) });
      return {};
    },
    UntagResource({ ResourceARN, TagKeys = [] }: cw.UntagResourceInput): object {
      const alarm = resource(ResourceARN);
      const kept = Object.entries(alarm.tags).filter(([key]) => !TagKeys.includes(key));
      alarms.put({ ...alarm, tags: Object.fromEntries(kept) });
      return {};
    },
    ListTagsForResource({ ResourceARN }: cw.ListTagsForResourceInput): cw.ListTagsForResourceOutput {
      return { Tags: Object.entries(resource(ResourceARN).tags).map(([Key, Value]) => ({ Key, Value })) };
    },
  };

  function resource(arn = ''): AlarmRecord {
    const alarm = alarms.byArn(arn);
    if (!alarm) throw new CloudError('ResourceNotFoundException', `The alarm '${arn}' does not exist`, 404);
    return alarm;
  }
}

function notFound(name: string): CloudError {
  return new CloudError('ResourceNotFound', `The alarm '${name}' does not exist`, 404);
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

function actionsOf(alarm: AlarmRecord): string[] {
  const { AlarmActions = [], OKActions = [], InsufficientDataActions = [] } = settingsOf(alarm);
  return [...AlarmActions, ...OKActions, ...InsufficientDataActions];
}

/** A record in the SDK's shape. */
function showAlarm(alarm: AlarmRecord): cw.MetricAlarm {
  return {
    ...{ OKActions: [], AlarmActions: [], InsufficientDataActions: [], Dimensions: [] },
    ...settingsOf(alarm),
    AlarmArn: alarm.arn,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAt),
    StateValue: alarm.state,
    StateReason: alarm.stateReason,
    StateReasonData: alarm.stateReasonData,
    StateUpdatedTimestamp: new Date(alarm.stateUpdatedAt),
    StateTransitionedTimestamp: new Date(alarm.stateTransitionedAt),
  };
}
