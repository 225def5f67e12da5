import { type Clock, systemClock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CloudWatchService, createCloudWatchService } from '../../src/cloudwatch/service.ts';
import { fleet, makeGroup, type TestCloud, testCloud } from '../elb/support/cloud.ts';
import {
  type Backend,
  freePort,
  get,
  Load,
  ownAddress,
  type RealBalancer,
  startBackend,
  startDriver,
} from '../elb/support/real.ts';

let real: RealBalancer;
let cloud: TestCloud<Clock>;
let cloudwatch: CloudWatchService;
let old: Backend;
let fresh: Backend;
let url: string;
let arns: { balancer: string; group: string; other: string; listener: string };

// biome-ignore lint/suspicious/noExplicitAny: answers are as varied as operations
const call = (operation: string, input: object): Promise<any> =>
  Promise.resolve(cloudwatch.handlers[operation]?.(input, {} as never));

const name = (arn: string, from: string) => arn.slice(arn.indexOf(from));
const dimensions = (group?: string) => [
  { Name: 'LoadBalancer', Value: name(arns.balancer, 'app/') },
  ...(group ? [{ Name: 'TargetGroup', Value: name(group, 'targetgroup/') }] : []),
];

/** One statistic of a metric over the last hour, in one period. */
async function value(MetricName: string, Stat: string, group?: string): Promise<number | undefined> {
  const Metric = { Namespace: 'AWS/ApplicationELB', MetricName, Dimensions: dimensions(group) };
  const { MetricDataResults: results } = await call('GetMetricData', {
    ...{ StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date(Date.now() + 60_000) },
    MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Period: 86_400, Stat } }],
  });
  return results[0].Values[0];
}

beforeAll(async () => {
  real = await startDriver();
  const address = ownAddress();
  const port = await freePort(address);
  url = `http://${address}:${port}/`;
  cloud = testCloud(systemClock(), real.driver, address);
  cloudwatch = createCloudWatchService(cloud.context);
  [old, fresh] = [await startBackend('i-1'), await startBackend('i-2')];
  for (const { id } of [old, fresh]) cloud.instance(id, '127.0.0.1');
  const check = { HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1, HealthCheckPath: '/health' };
  const made = await fleet(cloud, check, port);
  const other = await makeGroup(cloud, 'other', check);
  arns = { ...made, other };
  const TargetGroups = [made.group, other].map((TargetGroupArn, n) => ({ TargetGroupArn, Weight: n ? 20 : 80 }));
  const DefaultActions = [{ Type: 'forward', ForwardConfig: { TargetGroups } }];
  await cloud.call('ModifyListener', { ListenerArn: made.listener, DefaultActions });
  for (const [TargetGroupArn, { id, port: Port }] of [
    [made.group, old],
    [other, fresh],
  ] as const)
    await cloud.call('RegisterTargets', { TargetGroupArn, Targets: [{ Id: id, Port }] });
  for (const group of [made.group, other])
    await until(() => cloud.context.state.targetGroups[group]?.targets[0]?.state === 'healthy');
  fresh.delayMs = 40;
  fresh.status = 500;
  const load = new Load(url, 4);
  await until(() => load.done > 300 && load.failures.length > 40, Boolean, { seconds: 20 });
  await load.stop();
  const all = old.requests + fresh.requests;
  await until(
    () => value('RequestCount', 'Sum'),
    (sum) => sum === all,
  );
}, 60_000);

afterAll(async () => {
  cloud.service.stop();
  await real.close();
  await Promise.all([old.close(), fresh.close()]);
});

describe('the metrics of a load balancer', () => {
  it('tell two versions apart by requests, errors and response times', async () => {
    expect(await value('RequestCount', 'Sum', arns.group)).toBe(old.requests);
    expect(await value('RequestCount', 'Sum', arns.other)).toBe(fresh.requests);
    expect(await value('HTTPCode_Target_2XX_Count', 'Sum', arns.group)).toBe(old.requests);
    expect(await value('HTTPCode_Target_5XX_Count', 'Sum', arns.group)).toBeUndefined();
    expect(await value('HTTPCode_Target_5XX_Count', 'Sum', arns.other)).toBe(fresh.requests);
    expect(await value('HTTPCode_Target_5XX_Count', 'Sum')).toBe(fresh.requests);
    const average = await value('TargetResponseTime', 'Average', arns.other);
    expect(average).toBeGreaterThan(0.035);
    expect(await value('TargetResponseTime', 'p99', arns.other)).toBeGreaterThanOrEqual(average ?? 1);
    expect(await value('TargetResponseTime', 'Minimum', arns.group)).toBeLessThan(0.035);
    expect(await value('TargetResponseTime', 'SampleCount', arns.other)).toBe(fresh.requests);
  });

  it('are listed, and read by either operation', async () => {
    const { Metrics } = await call('ListMetrics', { MetricName: 'RequestCount', Dimensions: dimensions(arns.other) });
    expect(Metrics.map((one: { Dimensions: { Name: string }[] }) => one.Dimensions.map(({ Name }) => Name))).toEqual([
      ['LoadBalancer', 'TargetGroup'],
      ['LoadBalancer', 'TargetGroup', 'AvailabilityZone'],
      ['LoadBalancer', 'TargetGroup', 'Target'],
    ]);
    const { Label, Datapoints } = await call('GetMetricStatistics', {
      ...{ Namespace: 'AWS/ApplicationELB', MetricName: 'TargetResponseTime', Dimensions: dimensions(arns.other) },
      ...{ StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date(Date.now() + 60_000), Period: 3600 },
      ...{ Statistics: ['SampleCount', 'Average'], ExtendedStatistics: ['p99', 'p50'] },
    });
    expect(Label).toBe('TargetResponseTime');
    const samples = Datapoints.reduce((sum: number, { SampleCount }: { SampleCount: number }) => sum + SampleCount, 0);
    expect(samples).toBe(fresh.requests);
    expect(Datapoints[0]).toMatchObject({ Unit: 'Seconds', ExtendedStatistics: { p99: expect.any(Number) } });
    const none = await call('ListMetrics', { Namespace: 'AWS/EC2' });
    expect(none.Metrics).toEqual([]);
  });

  it("count the balancer's own errors apart from the targets'", async () => {
    const { listener } = arns;
    const TargetGroupArn = await makeGroup(cloud, 'empty');
    await cloud.call('ModifyListener', {
      ListenerArn: listener,
      DefaultActions: [{ Type: 'forward', TargetGroupArn }],
    });
    expect((await get(url)).status).toBe(503);
    await until(
      () => value('HTTPCode_ELB_5XX_Count', 'Sum'),
      (sum) => sum === 1,
    );
    expect(await value('HTTPCode_ELB_503_Count', 'Sum')).toBe(1);
    const DefaultActions = [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200', MessageBody: 'x' } }];
    await cloud.call('ModifyListener', { ListenerArn: listener, DefaultActions });
    expect((await get(url)).text).toBe('x');
    await until(
      () => value('HTTP_Fixed_Response_Count', 'Sum'),
      (sum) => sum === 1,
    );
    expect(await value('RequestCount', 'Sum')).toBe(old.requests + fresh.requests);
  });

  it('CLD-MET-03 count the requests that unhealthy targets get', async () => {
    const { listener: ListenerArn, group: TargetGroupArn } = arns;
    const DefaultActions = [{ Type: 'forward', TargetGroupArn }];
    await cloud.call('ModifyListener', { ListenerArn, DefaultActions });
    const isNow = (state: string) =>
      until(() => cloud.context.state.targetGroups[TargetGroupArn]?.targets[0]?.state === state);
    await isNow('healthy');
    expect((await get(url)).text).toBe('i-1');
    await until(
      () => value('RequestCount', 'Sum', TargetGroupArn),
      (sum) => sum === old.requests,
    );
    expect(await value('UnhealthyRoutingRequestCount', 'Sum')).toBeUndefined();
    old.healthy = false;
    await isNow('unhealthy');
    for (let n = 0; n < 5; n++) expect((await get(url)).text).toBe('i-1');
    await until(
      () => value('UnhealthyRoutingRequestCount', 'Sum', TargetGroupArn),
      (sum) => sum === 5,
    );
    expect(await value('RequestCount', 'Sum', TargetGroupArn)).toBe(old.requests);
  });

  it('are refused for wrong questions', async () => {
    const Metric = { Namespace: 'AWS/ApplicationELB', MetricName: 'RequestCount' };
    const ask = (query: object, more: object = {}) =>
      call('GetMetricData', {
        ...{ StartTime: new Date(0), EndTime: new Date(60_000) },
        ...{ MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Period: 60, Stat: 'Sum' }, ...query }], ...more },
      });
    await expect(ask({ Id: 'M' })).rejects.toMatchObject({ code: 'ValidationError' });
    await expect(ask({ Expression: 'a/b' })).rejects.toMatchObject({ code: 'ValidationError' });
    await expect(ask({ MetricStat: { Metric, Period: 60, Stat: 'Mean' } })).rejects.toMatchObject({
      code: 'ValidationError',
    });
    await expect(ask({ MetricStat: { Metric, Period: 7, Stat: 'Sum' } })).rejects.toMatchObject({
      code: 'InvalidParameterValue',
    });
    await expect(ask({}, { EndTime: new Date(0) })).rejects.toMatchObject({ code: 'InvalidParameterValue' });
    const many = call('GetMetricStatistics', {
      ...{ ...Metric, Period: 1, Statistics: ['Sum'] },
      ...{ StartTime: new Date(0), EndTime: new Date(1_608_000) },
    });
    await expect(many).rejects.toMatchObject({
      code: 'InvalidParameterCombination',
      message: expect.stringContaining('up to 1,608 datapoints, which exceeds the limit of 1,440.'),
    });
    await expect(ask({}, { MetricDataQueries: [] })).rejects.toMatchObject({ code: 'MissingParameter' });
    expect((await ask({ ReturnData: false })).MetricDataResults).toEqual([]);
    expect(cloud.reports).toEqual([]);
  });
});
