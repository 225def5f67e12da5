import type {
  AttachLoadBalancerTargetGroupsType,
  AttachTrafficSourcesType,
  DescribeLoadBalancerTargetGroupsRequest,
  DescribeTrafficSourcesRequest,
  DetachLoadBalancerTargetGroupsType,
  DetachTrafficSourcesType,
  TrafficSourceIdentifier,
} from '@aws-sdk/client-auto-scaling';
import type { GroupRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { validationError } from '../errors.ts';
import { checkTargetGroups } from '../group-settings.ts';
import { isSuspended, requireGroup } from '../groups.ts';
import type { Operations } from '../operations.ts';
import { pageOf } from '../pages.ts';
import { drainTargets, registerTargets } from '../traffic.ts';

/** Target groups and traffic sources of one call (AttachTrafficSourcesType in the SDK's typings). */
const MAX_SOURCES = 10;

function checkCount(arns: string[]): void {
  if (arns.length >= 1 && arns.length <= MAX_SOURCES) return;
  throw validationError(`Between 1 and ${MAX_SOURCES} target groups can be given, but ${arns.length} were.`);
}

/** Target groups by ARN; there are no other traffic sources here. */
export function readSources(sources: TrafficSourceIdentifier[] | undefined): string[] {
  return (sources ?? []).map(({ Identifier, Type }) => {
    if (Type && Type !== 'elbv2')
      throw validationError(`Traffic sources of type ${Type} are not supported by this cloud; use elbv2.`);
    if (!Identifier) throw validationError('Each traffic source must have an Identifier.');
    return Identifier;
  });
}

export function targetHandlers(ops: Operations): HandlerTable {
  const { state } = ops.context;

  const attach = (name: string | undefined, arns: string[]) => {
    const group = requireGroup(state, name);
    checkCount(arns);
    checkTargetGroups(ops, arns);
    group.targetGroupArns = [...new Set([...group.targetGroupArns, ...arns])];
    if (!isSuspended(group, 'AddToLoadBalancer')) {
      for (const member of group.instances) {
        if (member.lifecycleState === 'InService') registerTargets(ops, group, member.instanceId);
      }
    }
    ops.context.changed();
    ops.enqueue(group.name);
    return {};
  };

  const detach = (name: string | undefined, arns: string[]) => {
    const group = requireGroup(state, name);
    checkCount(arns);
    for (const arn of arns) {
      if (!group.targetGroupArns.includes(arn)) {
        throw validationError(`Trying to remove Target Groups that are not part of the group: ${arn}`);
      }
    }
    group.targetGroupArns = group.targetGroupArns.filter((arn) => !arns.includes(arn));
    for (const member of group.instances) void drainTargets(ops, arns, member.instanceId);
    ops.context.changed();
    ops.enqueue(group.name);
    return {};
  };

  return {
    AttachLoadBalancerTargetGroups: (request: AttachLoadBalancerTargetGroupsType) =>
      attach(request.AutoScalingGroupName, request.TargetGroupARNs ?? []),
    DetachLoadBalancerTargetGroups: (request: DetachLoadBalancerTargetGroupsType) =>
      detach(request.AutoScalingGroupName, request.TargetGroupARNs ?? []),
    AttachTrafficSources: (request: AttachTrafficSourcesType) =>
      attach(request.AutoScalingGroupName, readSources(request.TrafficSources)),
    DetachTrafficSources: (request: DetachTrafficSourcesType) =>
      detach(request.AutoScalingGroupName, readSources(request.TrafficSources)),

    DescribeLoadBalancerTargetGroups(request: DescribeLoadBalancerTargetGroupsRequest) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const { page, NextToken } = pageOf(group.targetGroupArns, request, 100, 100);
      return {
        LoadBalancerTargetGroups: page.map((arn) => ({
          LoadBalancerTargetGroupARN: arn,
          State: attachmentState(ops, group, arn),
        })),
        NextToken,
      };
    },

    DescribeTrafficSources(request: DescribeTrafficSourcesRequest) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const arns = !request.TrafficSourceType || request.TrafficSourceType === 'elbv2' ? group.targetGroupArns : [];
      const { page, NextToken } = pageOf(arns, request, 50, 50);
      return {
        TrafficSources: page.map((arn) => ({
          TrafficSource: arn,
          Identifier: arn,
          Type: 'elbv2',
          State: attachmentState(ops, group, arn),
        })),
        NextToken,
      };
    },
  };
}

/** `InService` once a member passes the target group's checks, with ELB health checks; `Added` once all are registered. */
function attachmentState(ops: Operations, group: GroupRecord, arn: string): string {
  const states = group.instances
    .filter((i) => i.lifecycleState === 'InService')
    .map((i) => ops.targets.state(arn, i.instanceId));
  if (states.some((s) => s === undefined)) return 'Adding';
  return group.healthCheckType === 'ELB' && states.includes('healthy') ? 'InService' : 'Added';
}
