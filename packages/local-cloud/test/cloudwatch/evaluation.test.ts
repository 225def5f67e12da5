import { beforeEach, describe, expect, it } from 'vitest';
import { Alarms } from '../../src/cloudwatch/alarms.ts';
import { BalancerMetrics } from '../../src/cloudwatch/balancer-metrics.ts';
import { alarmHandlers } from '../../src/cloudwatch/handlers/alarms.ts';
import { MetricStore } from '../../src/cloudwatch/metric-store.ts';
import { Watch } from '../../src/cloudwatch/watch.ts';
import { fleet, type TestCloud, testCloud } from '../elb/support/cloud.ts';

const dimensions = { LoadBalancer: 'app/api/1' };
let cloud: TestCloud;
let store: MetricStore;
let alarms: Alarms;
let watch: Watch;

beforeEach(() => {
  cloud = testCloud();
  store = new MetricStore();
  alarms = new Alarms(cloud.context);
  watch = new Watch(cloud.context, new BalancerMetrics(cloud.context, store), store, alarms);
  watch.start();
});

async function put(more: object = {}): Promise<void> {
  await alarmHandlers(cloud.context, alarms).PutMetricAlarm?.(
    {
      ...{ AlarmName: 'a', Namespace: 'AWS/ApplicationELB', MetricName: 'HTTPCode_Target_5XX_Count', Statistic: 'Sum' },
      ...{ Period: 60, EvaluationPeriods: 3, Threshold: 10, ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
      ...{ Dimensions: [{ Name: 'LoadBalancer', Value: 'app/api/1' }], ...more },
    },
    {} as never,
  );
}

/** A minute with that many errors (undefined: none were counted), and the alarm's state after it. */
async function minute(errors?: number): Promise<string | undefined> {
  if (errors !== undefined)
    store.note(dimensions, 'HTTPCode_Target_5XX_Count', cloud.clock.now(), errors === 0 ? 0 : 1, errors || 1);
  await cloud.clock.advance(60_000);
  return alarms.find('a')?.state;
}

describe('an alarm on what balancers do', () => {
  it('is raised when all its periods cross the threshold, and calm when one does not', async () => {
    await put();
    expect(await minute()).toBe('INSUFFICIENT_DATA');
    expect(await minute(3)).toBe('OK');
    expect([await minute(12), await minute(11), await minute(10)]).toEqual(['OK', 'OK', 'ALARM']);
    expect(await minute(9)).toBe('OK');
    expect(alarms.find('a')?.stateReason).toContain('[11, 10, 9]');
    expect([await minute(), await minute(), await minute()]).toEqual(['OK', 'OK', 'INSUFFICIENT_DATA']);
  });

  it('CLD-ALM-03 counts M of N, and tells who watches of each change', async () => {
    await put({ DatapointsToAlarm: 2 });
    const changes: string[] = [];
    alarms.onStateChange((name) => changes.push(`${name} ${alarms.find('a')?.state}`));
    expect([await minute(0), await minute(20), await minute(0), await minute(20)]).toEqual(['OK', 'OK', 'OK', 'ALARM']);
    expect(changes).toEqual(['a OK', 'a ALARM']);
  });

  it.each([
    ['notBreaching', 'OK'],
    ['breaching', 'ALARM'],
    ['missing', 'INSUFFICIENT_DATA'],
  ])('without data, which counts as %s, is %s', async (TreatMissingData, state) => {
    await put({ TreatMissingData });
    await minute();
    await minute();
    expect(await minute()).toBe(state);
  });

  it('keeps its state without data that is ignored', async () => {
    await put({ TreatMissingData: 'ignore', EvaluationPeriods: 1 });
    expect([await minute(10), await minute(), await minute()]).toEqual(['ALARM', 'ALARM', 'ALARM']);
  });

  it('that was set by hand goes back at the end of its period', async () => {
    await put({ TreatMissingData: 'notBreaching' });
    await minute();
    const alarm = alarms.find('a');
    if (alarm) alarms.setState(alarm, 'ALARM', 'by hand');
    await cloud.clock.advance(30_000);
    expect(alarms.find('a')?.state).toBe('ALARM');
    expect(await minute()).toBe('OK');
  });

  it('sees targets that are unhealthy', async () => {
    const { group, balancer } = await fleet(cloud);
    cloud.instance('i-1');
    await cloud.call('RegisterTargets', { TargetGroupArn: group, Targets: [{ Id: 'i-1' }] });
    const Dimensions = [
      { Name: 'TargetGroup', Value: group.slice(group.indexOf('targetgroup/')) },
      { Name: 'LoadBalancer', Value: balancer.slice(balancer.indexOf('app/')) },
    ];
    const Threshold = 1;
    await put({ Dimensions, MetricName: 'UnHealthyHostCount', Statistic: 'Maximum', EvaluationPeriods: 1, Threshold });
    await cloud.clock.advance(200_000);
    expect(alarms.find('a')?.state).toBe('ALARM');
    cloud.up.add('i-1');
    await cloud.clock.advance(200_000);
    expect(alarms.find('a')?.state).toBe('OK');
    watch.stop();
    expect(cloud.reports).toEqual([]);
  });
});
