import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/aws/metrics.ts';

const cloudWatch = mockClient(CloudWatchClient);
afterAll(() => cloudWatch.restore());
const metrics = createMetrics({ region: 'eu-west-1', credentials: { accessKeyId: 'AK', secretAccessKey: 'secret' } });
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute));

beforeEach(() => cloudWatch.reset());

describe('alarms', () => {
  it('of either kind that exist are read in one call', async () => {
    cloudWatch
      .on(DescribeAlarmsCommand, { AlarmNames: ['a', 'b', 'gone'], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] })
      .resolves({
        MetricAlarms: [{ AlarmName: 'a', StateValue: 'ALARM', StateReason: 'Threshold Crossed' }],
        CompositeAlarms: [{ AlarmName: 'b', StateValue: 'OK' }],
      });
    expect(await metrics.alarms(['a', 'b', 'gone'])).toEqual([
      { name: 'a', state: 'ALARM', reason: 'Threshold Crossed' },
      { name: 'b', state: 'OK', reason: '' },
    ]);
  });

  it('without read permission end in an error with the fix', async () => {
    cloudWatch.on(DescribeAlarmsCommand).rejects(Object.assign(new Error('not authorized'), { name: 'AccessDenied' }));
    await expect(metrics.alarms(['a'])).rejects.toMatchObject({
      code: 'aws.AccessDenied',
      message: expect.stringContaining('DescribeAlarms failed: not authorized'),
    });
  });
});

describe('metric periods', () => {
  const of = {
    listenerArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/api-prod/50dc6c495c0c9188/f2f7dc8efc522ab2',
    targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/api-prod/73e2d6bc24d8a067',
    from: at(0).getTime(),
    to: at(5).getTime(),
  };

  it('are minutes with the counts of the load balancer, and 0 for a missing count', async () => {
    cloudWatch.on(GetMetricDataCommand).resolves({
      MetricDataResults: [
        { Id: 'requests', Timestamps: [at(1), at(2)], Values: [600, 700] },
        { Id: 'targetErrors', Timestamps: [at(2)], Values: [7] },
        { Id: 'p95', Timestamps: [at(1), at(2)], Values: [0.08, 0.1] },
        { Id: 'balancerErrors', Timestamps: [at(3)], Values: [4] },
        { Id: 'balancerRequests', Timestamps: [at(1), at(4)], Values: [900, 300] },
      ],
    });
    expect(await metrics.periods(of)).toEqual([
      { at: at(1).getTime(), requests: 600, targetErrors: 0, p95Ms: 80, balancerErrors: 0, balancerRequests: 900 },
      { at: at(2).getTime(), requests: 700, targetErrors: 7, p95Ms: 100, balancerErrors: 0, balancerRequests: 0 },
      { at: at(3).getTime(), requests: 0, targetErrors: 0, balancerErrors: 4, balancerRequests: 0 },
    ]);
  });

  it('are requested with the dimension names of a load balancer, in one call', async () => {
    cloudWatch.on(GetMetricDataCommand).resolves({});
    expect(await metrics.periods(of)).toEqual([]);
    const [call, ...more] = cloudWatch.commandCalls(GetMetricDataCommand);
    expect(more).toEqual([]);
    const queries = call?.args[0].input.MetricDataQueries?.map(({ MetricStat: stat }) =>
      [
        stat?.Metric?.MetricName,
        stat?.Stat,
        stat?.Period,
        ...(stat?.Metric?.Dimensions ?? []).map((one) => one.Value),
      ].join(' '),
    );
    expect(queries).toEqual([
      'RequestCount Sum 60 app/api-prod/50dc6c495c0c9188 targetgroup/api-prod/73e2d6bc24d8a067',
      'HTTPCode_Target_5XX_Count Sum 60 app/api-prod/50dc6c495c0c9188 targetgroup/api-prod/73e2d6bc24d8a067',
      'TargetResponseTime p95 60 app/api-prod/50dc6c495c0c9188 targetgroup/api-prod/73e2d6bc24d8a067',
      'HTTPCode_ELB_5XX_Count Sum 60 app/api-prod/50dc6c495c0c9188',
      'RequestCount Sum 60 app/api-prod/50dc6c495c0c9188',
    ]);
  });
});
