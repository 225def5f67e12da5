import { Alarm, ComparisonOperator, Metric, type MetricOptions, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { FleetDefinition } from '../src/aws/fleet-definition.ts';
import type { Fleet } from '../src/config/settings.ts';
import type { Balancer } from './balancer.ts';

/** Number of consecutive minutes. */
const minutes = 3;

/**
 * Alarms on what the users of a fleet see. Their names are `<group>-errors`, `<group>-response` and `<group>-unhealthy`, so that
 * `release.alarms` can name them.
 */
export function createAlarms(scope: Construct, fleet: Fleet, definition: FleetDefinition, balancer: Balancer): Alarm[] {
  const { alarms } = fleet.infrastructure;
  const LoadBalancer = balancer.loadBalancer.attrLoadBalancerFullName;
  const metric = (metricName: string, statistic: string, more: MetricOptions['dimensionsMap'] = {}) =>
    new Metric({
      namespace: 'AWS/ApplicationELB',
      metricName,
      statistic,
      period: Duration.minutes(1),
      dimensionsMap: { LoadBalancer, ...more },
    });
  const serving = definition.targetGroups.filter((one) => one.role === 'serving');
  const watched = [
    {
      id: 'ErrorsAlarm',
      name: `${fleet.names.group}-errors`,
      about: 'the instances answer with 5xx',
      metric: metric('HTTPCode_Target_5XX_Count', 'Sum'),
      threshold: alarms.targetErrorsPerMinute,
    },
    {
      id: 'ResponseAlarm',
      name: `${fleet.names.group}-response`,
      about: 'p99 of the response time in seconds',
      metric: metric('TargetResponseTime', 'p99'),
      threshold: alarms.responseSeconds,
    },
    ...serving.map((one, index) => ({
      id: `UnhealthyAlarm${index || ''}`,
      name: `${one.name}-unhealthy`,
      about: 'instances do not pass the health check',
      metric: metric('UnHealthyHostCount', 'Maximum', {
        TargetGroup: balancer.targetGroups.get(one.name)?.attrTargetGroupFullName ?? '',
      }),
      threshold: 1,
    })),
  ];
  return watched.map(({ id, name, about, metric, threshold }) => {
    const alarm = new Alarm(scope, id, {
      alarmName: name,
      alarmDescription: `${fleet.app} in ${fleet.environment}: ${about}`,
      metric,
      threshold,
      evaluationPeriods: minutes,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // No requests at night are not a failure.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (alarms.topicArn) alarm.addAlarmAction(new SnsAction(Topic.fromTopicArn(scope, `${id}Topic`, alarms.topicArn)));
    return alarm;
  });
}
