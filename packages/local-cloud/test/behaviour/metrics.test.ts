import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import { CreateListenerCommand, DescribeLoadBalancersCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type drivers, openWorld, type World, webServer } from './support.ts';

const Namespace = 'AWS/ApplicationELB';
let world: World;
let cloudwatch: CloudWatchClient;

const open = (driver: (typeof drivers)[number]['driver']) => {
  openWorld(
    (opened) => {
      world = opened;
    },
    { driver },
  );
  beforeAll(() => {
    cloudwatch = world.connect(new CloudWatchClient({ ...world.config(), maxAttempts: 1 }));
  });
  afterAll(() => cloudwatch.destroy());
};

/** A fleet of that size, all healthy, behind a load balancer; its address and its dimensions. */
async function fleet(size: number) {
  const TargetGroupArn = await world.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
  const LoadBalancerArn = await world.balancer();
  await world.elb.send(
    new CreateListenerCommand({
      ...{ LoadBalancerArn, Port: 8000, Protocol: 'HTTP' },
      DefaultActions: [{ Type: 'forward', TargetGroupArn }],
    }),
  );
  const LaunchTemplateName = await world.template(undefined, { UserData: webServer });
  const LaunchTemplate = { LaunchTemplateName, Version: '1' };
  const group = await world.group(size, { LaunchTemplate, TargetGroupARNs: [TargetGroupArn] });
  const members = await world.members(group);
  for (const { InstanceId = '' } of members) {
    await world.until(
      () => world.health(TargetGroupArn, InstanceId),
      (health) => health?.state === 'healthy',
    );
  }
  const { LoadBalancers } = await world.elb.send(new DescribeLoadBalancersCommand({}));
  const balancer = LoadBalancers?.find((one) => one.LoadBalancerArn === LoadBalancerArn);
  const Dimensions = [
    { Name: 'LoadBalancer', Value: LoadBalancerArn.slice(LoadBalancerArn.indexOf('app/')) },
    { Name: 'TargetGroup', Value: TargetGroupArn.slice(TargetGroupArn.indexOf('targetgroup/')) },
  ];
  return { url: `http://${balancer?.DNSName}:8000/`, Dimensions, members };
}

/** Statistics of the last and the coming hour, as one period each day. */
async function read(MetricName: string, Dimensions: { Name: string; Value: string }[]) {
  const { Datapoints = [] } = await cloudwatch.send(
    new GetMetricStatisticsCommand({
      ...{ Namespace, MetricName, Dimensions, Period: 86_400, Statistics: ['Sum', 'Maximum'] },
      ...{ StartTime: new Date(world.clock.now() - 3_600_000), EndTime: new Date(world.clock.now() + 3_600_000) },
    }),
  );
  return {
    sum: Datapoints.reduce((sum, one) => sum + (one.Sum ?? 0), 0),
    maximum: Math.max(...Datapoints.map((one) => one.Maximum ?? 0)),
    periods: Datapoints.length,
  };
}

describe('metrics of sandbox machines', () => {
  open('sandbox');

  it('CLD-MET-01 count each request of a load balancer, by target group, zone and target', async () => {
    const { url, Dimensions, members } = await fleet(1);
    const Target = { Name: 'Target', Value: members[0]?.InstanceId ?? '' };
    const AvailabilityZone = { Name: 'AvailabilityZone', Value: members[0]?.AvailabilityZone ?? '' };
    for (let n = 0; n < 20; n++) expect((await fetch(url)).status).toBe(200);
    for (const MetricName of ['RequestCount', 'HTTPCode_Target_2XX_Count']) {
      for (const of of [
        Dimensions.slice(0, 1),
        Dimensions,
        [...Dimensions, AvailabilityZone],
        [...Dimensions, Target],
      ]) {
        await world.until(
          () => read(MetricName, of),
          ({ sum }) => sum === 20,
        );
      }
    }
    expect((await read('HTTPCode_Target_5XX_Count', Dimensions)).periods).toBe(0);
    expect((await read('TargetResponseTime', Dimensions)).maximum).toBeLessThan(5);
  });
});

describe('metrics of simulated machines', () => {
  open('simulated');

  it('CLD-MET-02 tell how many targets are healthy; simulated machines get no requests', async () => {
    const { Dimensions } = await fleet(2);
    await world.until(
      () => read('HealthyHostCount', Dimensions),
      ({ maximum }) => maximum === 2,
    );
    expect((await read('RequestCount', Dimensions)).periods).toBe(0);
  });

  it('CLD-ALM-02 alarms are evaluated by the metric they are on, at the end of each period', async () => {
    const { Dimensions } = await fleet(2);
    const AlarmName = world.name('few');
    const put = (Threshold: number) =>
      cloudwatch.send(
        new PutMetricAlarmCommand({
          ...{ AlarmName, Namespace, MetricName: 'HealthyHostCount', Dimensions, Statistic: 'Minimum', Threshold },
          ...{ Period: 10, EvaluationPeriods: 1, ComparisonOperator: 'LessThanThreshold' },
        }),
      );
    const state = async () => {
      const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }));
      return MetricAlarms?.[0]?.StateValue;
    };
    await put(3);
    await world.until(state, (value) => value === 'ALARM');
    await put(1);
    await world.until(state, (value) => value === 'OK');
  });
});
