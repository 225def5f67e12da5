import { DescribeInstanceRefreshesCommand, StartInstanceRefreshCommand } from '@aws-sdk/client-auto-scaling';
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  DescribeAlarmsForMetricCommand,
  DisableAlarmActionsCommand,
  ListTagsForResourceCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../behaviour/support.ts';

let world: World;
let cloudwatch: CloudWatchClient;

beforeAll(async () => {
  world = await World.start();
  cloudwatch = world.connect(new CloudWatchClient({ ...world.config(), maxAttempts: 1 }));
});
afterAll(async () => {
  cloudwatch.destroy();
  await world.close();
});

const put = (AlarmName: string, more: Partial<PutMetricAlarmCommandInput> = {}) =>
  cloudwatch.send(
    new PutMetricAlarmCommand({
      ...{ AlarmName, Namespace: 'Shop', MetricName: 'Failures', Statistic: 'Sum', Period: 60, EvaluationPeriods: 3 },
      ...{ Threshold: 10, ComparisonOperator: 'GreaterThanOrEqualToThreshold', ...more },
    }),
  );
const setState = (AlarmName: string, StateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA', StateReason = 'told to') =>
  cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason }));
const describeAlarms = async (input: object) =>
  (await cloudwatch.send(new DescribeAlarmsCommand(input))).MetricAlarms ?? [];

describe('an alarm', () => {
  it('is INSUFFICIENT_DATA at first, keeps what it was given, and is put into states', async () => {
    const Tags = [{ Key: 'app', Value: 'api' }];
    await put('api-errors', { AlarmDescription: 'too many', Tags, Dimensions: [{ Name: 'App', Value: 'api' }] });
    const [alarm] = await describeAlarms({ AlarmNames: ['api-errors', 'api-none'] });
    expect(alarm).toMatchObject({
      ...{ AlarmName: 'api-errors', AlarmDescription: 'too many', StateValue: 'INSUFFICIENT_DATA', Period: 60 },
      ...{ ActionsEnabled: true, AlarmActions: [], Dimensions: [{ Name: 'App', Value: 'api' }] },
      AlarmArn: 'arn:aws:cloudwatch:eu-west-1:000000000000:alarm:api-errors',
    });
    await setState('api-errors', 'ALARM', 'it burns');
    const [raised] = await describeAlarms({ StateValue: 'ALARM', AlarmNamePrefix: 'api-' });
    expect(raised).toMatchObject({ StateValue: 'ALARM', StateReason: 'it burns' });
    const transitioned = raised?.StateTransitionedTimestamp?.getTime() ?? 0;
    await put('api-errors', { Threshold: 20, Tags: [{ Key: 'app', Value: 'other' }] });
    await cloudwatch.send(new DisableAlarmActionsCommand({ AlarmNames: ['api-errors'] }));
    await setState('api-errors', 'ALARM', 'still');
    const [after] = await describeAlarms({ AlarmNames: ['api-errors'] });
    expect(after).toMatchObject({ StateValue: 'ALARM', StateReason: 'still', Threshold: 20, ActionsEnabled: false });
    expect(after?.Dimensions).toEqual([]);
    expect(after?.StateTransitionedTimestamp?.getTime()).toBe(transitioned);
    const ResourceARN = alarm?.AlarmArn ?? '';
    await cloudwatch.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'team', Value: 'shop' }] }));
    await cloudwatch.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['none'] }));
    const tags = await cloudwatch.send(new ListTagsForResourceCommand({ ResourceARN }));
    expect(tags.Tags).toEqual([...Tags, { Key: 'team', Value: 'shop' }]);
  });

  it('is found by its metric, listed in pages, and deleted with others or not at all', async () => {
    for (const name of ['page-1', 'page-2', 'page-3']) await put(name, { MetricName: 'Pages' });
    const metric = { Namespace: 'Shop', MetricName: 'Pages' };
    const of = await cloudwatch.send(new DescribeAlarmsForMetricCommand(metric));
    expect(of.MetricAlarms).toHaveLength(3);
    const narrow = new DescribeAlarmsForMetricCommand({ ...metric, Dimensions: [{ Name: 'App', Value: 'api' }] });
    expect((await cloudwatch.send(narrow)).MetricAlarms).toEqual([]);
    const first = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNamePrefix: 'page-', MaxRecords: 2 }));
    const NextToken = first.NextToken;
    const rest = await cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNamePrefix: 'page-', MaxRecords: 2, NextToken }),
    );
    const names = [...(first.MetricAlarms ?? []), ...(rest.MetricAlarms ?? [])].map((one) => one.AlarmName);
    expect(names).toEqual(['page-1', 'page-2', 'page-3']);
    expect(rest.NextToken).toBeUndefined();
    const remove = (...AlarmNames: string[]) => cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames }));
    await expect(remove('page-1', 'page-9')).rejects.toMatchObject({ name: 'ResourceNotFound' });
    expect(await describeAlarms({ AlarmNamePrefix: 'page-' })).toHaveLength(3);
    await remove('page-1', 'page-2', 'page-3');
    expect(await describeAlarms({ AlarmNamePrefix: 'page-' })).toEqual([]);
  });

  it('is refused with settings that make no sense', async () => {
    const refused = (more: Partial<PutMetricAlarmCommandInput>, name: string) =>
      expect(put('wrong', more)).rejects.toMatchObject({ name });
    await refused({ Statistic: undefined }, 'MissingRequiredParameterException');
    await refused({ ExtendedStatistic: 'p99' }, 'InvalidParameterCombinationException');
    await refused({ Statistic: undefined, ExtendedStatistic: 'tm99' }, 'ValidationException');
    await refused({ Period: 45 }, 'ValidationException');
    await refused({ EvaluationPeriods: 0 }, 'ValidationException');
    await refused({ DatapointsToAlarm: 4 }, 'ValidationException');
    await refused({ Period: 3600, EvaluationPeriods: 200 }, 'ValidationException');
    await refused({ ComparisonOperator: 'Above' as never }, 'ValidationException');
    await refused({ TreatMissingData: 'no' }, 'ValidationException');
    await refused({ Metrics: [{ Id: 'a', Expression: '1' }] }, 'ValidationException');
    await expect(setState('wrong', 'OK')).rejects.toMatchObject({ name: 'ResourceNotFound' });
    expect(await describeAlarms({ AlarmNames: ['wrong'] })).toEqual([]);
  });

  it('that a fault raises is in the ALARM state, whether or not it was put', async () => {
    await put('fault-1');
    const fault = world.cloud.faults.add({ kind: 'alarm', alarm: 'fault-1' });
    const other = world.cloud.faults.add({ kind: 'alarm', alarm: 'fault-2' });
    const shown = await describeAlarms({ AlarmNames: ['fault-1', 'fault-2', 'fault-3'] });
    expect(shown.map((one) => [one.AlarmName, one.StateValue])).toEqual([
      ['fault-1', 'ALARM'],
      ['fault-2', 'ALARM'],
    ]);
    world.cloud.faults.clear(fault.id);
    world.cloud.faults.clear(other.id);
    const [calm] = await describeAlarms({ AlarmNames: ['fault-1', 'fault-2'] });
    expect(calm).toMatchObject({ AlarmName: 'fault-1', StateValue: 'INSUFFICIENT_DATA' });
  });

  it('that is raised fails the refresh that watches it', async () => {
    const AutoScalingGroupName = await world.group(2);
    await put('watched');
    await setState('watched', 'OK');
    await world.asg.send(
      new StartInstanceRefreshCommand({
        AutoScalingGroupName,
        Preferences: { AlarmSpecification: { Alarms: ['watched'] }, InstanceWarmup: 600 },
      }),
    );
    const status = async () => {
      const input = new DescribeInstanceRefreshesCommand({ AutoScalingGroupName });
      return (await world.asg.send(input)).InstanceRefreshes?.[0];
    };
    await world.until(status, (one) => one?.Status === 'InProgress');
    await setState('watched', 'ALARM');
    const ended = await world.until(status, (one) => one?.Status === 'Failed');
    expect(ended?.StatusReason).toContain('watched');
  });
});
