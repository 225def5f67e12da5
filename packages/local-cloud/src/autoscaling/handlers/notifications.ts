import type {
  DeleteNotificationConfigurationType,
  DescribeNotificationConfigurationsType,
  DisableMetricsCollectionQuery,
  EnableMetricsCollectionQuery,
  PutNotificationConfigurationType,
} from '@aws-sdk/client-auto-scaling';
import type { HandlerTable } from '../../wire/handler.ts';
import { validationError } from '../errors.ts';
import { requireGroup } from '../groups.ts';
import type { Operations } from '../operations.ts';
import { pageOf } from '../pages.ts';

const notificationTypes = [
  'autoscaling:EC2_INSTANCE_LAUNCH',
  'autoscaling:EC2_INSTANCE_LAUNCH_ERROR',
  'autoscaling:EC2_INSTANCE_TERMINATE',
  'autoscaling:EC2_INSTANCE_TERMINATE_ERROR',
  'autoscaling:TEST_NOTIFICATION',
];

const metrics = [
  'GroupMinSize',
  'GroupMaxSize',
  'GroupDesiredCapacity',
  'GroupInServiceInstances',
  'GroupPendingInstances',
  'GroupStandbyInstances',
  'GroupTerminatingInstances',
  'GroupTotalInstances',
  'GroupInServiceCapacity',
  'GroupPendingCapacity',
  'GroupStandbyCapacity',
  'GroupTerminatingCapacity',
  'GroupTotalCapacity',
  'WarmPoolDesiredCapacity',
  'WarmPoolWarmedCapacity',
  'WarmPoolPendingCapacity',
  'WarmPoolTerminatingCapacity',
  'WarmPoolTotalCapacity',
  'GroupAndWarmPoolDesiredCapacity',
  'GroupAndWarmPoolTotalCapacity',
];

/** The only granularity that AWS has. */
const GRANULARITY = '1Minute';

/** Notifications and metrics are stored and shown; nothing is sent or collected. */
export function notificationHandlers(ops: Operations): HandlerTable {
  const { state } = ops.context;

  const readMetrics = (given: string[] | undefined): string[] => {
    for (const name of given ?? []) {
      if (!metrics.includes(name)) throw validationError(`Metric type not found - Invalid metric type: ${name}`);
    }
    return given?.length ? given : metrics;
  };

  return {
    PutNotificationConfiguration(request: PutNotificationConfigurationType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const { TopicARN: topicArn, NotificationTypes: types = [] } = request;
      if (!topicArn?.startsWith('arn:')) throw validationError(`Invalid TopicARN: ${topicArn}`);
      if (types.length === 0) throw validationError('At least one notification type must be specified.');
      for (const type of types) {
        if (!notificationTypes.includes(type)) throw validationError(`Invalid notification type: ${type}`);
      }
      // The types of a topic are replaced as a whole.
      const others = (group.notifications ?? []).filter((n) => n.topicArn !== topicArn);
      group.notifications = [...others, ...types.map((type) => ({ topicArn, type }))];
      ops.context.changed();
      return {};
    },

    DeleteNotificationConfiguration(request: DeleteNotificationConfigurationType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      group.notifications = group.notifications?.filter((n) => n.topicArn !== request.TopicARN);
      ops.context.changed();
      return {};
    },

    DescribeNotificationConfigurations(request: DescribeNotificationConfigurationsType) {
      const names = request.AutoScalingGroupNames ?? [];
      const found = (
        names.length > 0 ? names.map((name) => requireGroup(state, name)) : Object.values(state.groups)
      ).flatMap((group) =>
        (group.notifications ?? []).map(({ topicArn, type }) => ({
          AutoScalingGroupName: group.name,
          TopicARN: topicArn,
          NotificationType: type,
        })),
      );
      const { page, NextToken } = pageOf(found, request, 50, 100);
      return { NotificationConfigurations: page, NextToken };
    },

    DescribeAutoScalingNotificationTypes: () => ({ AutoScalingNotificationTypes: notificationTypes }),

    EnableMetricsCollection(request: EnableMetricsCollectionQuery) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      if (request.Granularity !== GRANULARITY) throw validationError(`Granularity must be ${GRANULARITY}.`);
      group.enabledMetrics = [...new Set([...(group.enabledMetrics ?? []), ...readMetrics(request.Metrics)])];
      ops.context.changed();
      return {};
    },

    DisableMetricsCollection(request: DisableMetricsCollectionQuery) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const disabled = readMetrics(request.Metrics);
      group.enabledMetrics = group.enabledMetrics?.filter((name) => !disabled.includes(name));
      ops.context.changed();
      return {};
    },

    DescribeMetricCollectionTypes: () => ({
      Metrics: metrics.map((Metric) => ({ Metric })),
      Granularities: [{ Granularity: GRANULARITY }],
    }),
  };
}
