import type {
  AutoScalingGroupNamesType,
  CreateAutoScalingGroupType,
  Filter,
  SetDesiredCapacityType,
  UpdateAutoScalingGroupType,
} from '@aws-sdk/client-auto-scaling';
import type { GroupRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { describeGroup } from '../describe.ts';
import { coolingDown, groupExists, limitExceeded, pendingDelete, validationError } from '../errors.ts';
import {
  checkDesired,
  checkSizes,
  checkTargetGroups,
  readPlaces,
  readSettings,
  readTemplate,
  refuseUnsupported,
} from '../group-settings.ts';
import { activeRefresh, requireGroup } from '../groups.ts';
import { readHook } from '../hooks/read.ts';
import { readMixedInstances } from '../mixed-instances.ts';
import type { Operations } from '../operations.ts';
import { pageOf } from '../pages.ts';
import { readShown } from '../shown-settings.ts';
import { MAX_GROUPS } from './empty.ts';
import { readTags } from './tags.ts';
import { readSources } from './targets.ts';

/** A group's name: up to 255 printable characters without a colon. */
const namePattern = /^[\x20-\x39\x3b-\x7e]{1,255}$/;

export function groupHandlers(ops: Operations): HandlerTable {
  const { state, clock } = ops.context;

  /** A group that is going away takes no more changes. */
  const open = (name: string | undefined): GroupRecord => {
    const group = requireGroup(state, name);
    if (group.deleting) throw pendingDelete();
    return group;
  };

  return {
    CreateAutoScalingGroup(request: CreateAutoScalingGroupType) {
      const name = request.AutoScalingGroupName ?? '';
      if (!namePattern.test(name)) throw validationError(`Invalid Auto Scaling group name: '${name}'`);
      if (Object.hasOwn(state.groups, name)) throw groupExists(name);
      if (Object.keys(state.groups).length >= MAX_GROUPS) {
        throw limitExceeded(`You have reached the limit of ${MAX_GROUPS} Auto Scaling groups in this region.`);
      }
      refuseUnsupported(request);
      const source = readSource(ops, request);
      if (!source) {
        throw validationError(
          'Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.',
        );
      }
      if (request.MinSize === undefined || request.MaxSize === undefined) {
        throw validationError('MinSize and MaxSize are required.');
      }
      checkSizes(request.MinSize, request.MaxSize);
      const desiredCapacity = request.DesiredCapacity ?? request.MinSize;
      checkDesired(desiredCapacity, request.MinSize, request.MaxSize);
      const places = readPlaces(request, ops.context);
      if (!places) throw validationError('At least one Availability Zone or VPC Subnet is required.');
      const sources = readSources(request.TrafficSources);
      const targetGroupArns = [...new Set([...(request.TargetGroupARNs ?? []), ...sources])];
      checkTargetGroups(ops, targetGroupArns);
      state.groups[name] = {
        name,
        createdAt: clock.now(),
        ...source,
        minSize: request.MinSize,
        maxSize: request.MaxSize,
        desiredCapacity,
        healthCheckType: 'EC2',
        // 0 through the API, 300 only in AWS's console.
        healthCheckGracePeriodSeconds: 0,
        defaultCooldownSeconds: 300,
        ...places,
        targetGroupArns,
        instances: [],
        suspendedProcesses: [],
        newInstancesProtected: false,
        terminationPolicies: ['Default'],
        tags: readTags(request.Tags ?? [], name),
        hooks: (request.LifecycleHookSpecificationList ?? []).map((hook) => readHook(hook)),
        shown: readShown(request),
        ...readSettings(request),
      };
      ops.context.changed();
      ops.enqueue(name);
      return {};
    },

    UpdateAutoScalingGroup(request: UpdateAutoScalingGroupType) {
      const group = open(request.AutoScalingGroupName);
      refuseUnsupported(request);
      const source = readSource(ops, request);
      if (source && activeRefresh(state, group.name)?.desiredLaunchTemplate) {
        throw validationError(
          'An active instance refresh with a desired configuration exists. All configuration options derived from the desired configuration are not available for update while the instance refresh is active.',
        );
      }
      const minSize = request.MinSize ?? group.minSize;
      const maxSize = request.MaxSize ?? group.maxSize;
      checkSizes(minSize, maxSize);
      if (request.DesiredCapacity !== undefined) checkDesired(request.DesiredCapacity, minSize, maxSize);
      // New bounds move a desired capacity that the request does not name.
      const desiredCapacity = Math.min(maxSize, Math.max(minSize, request.DesiredCapacity ?? group.desiredCapacity));
      Object.assign(group, readSettings(request), readPlaces(request, ops.context), {
        minSize,
        maxSize,
        desiredCapacity,
        shown: { ...group.shown, ...readShown(request) },
      });
      Object.assign(group, source);
      ops.context.changed();
      ops.enqueue(group.name);
      return {};
    },

    SetDesiredCapacity(request: SetDesiredCapacityType) {
      const group = open(request.AutoScalingGroupName);
      const desired = request.DesiredCapacity;
      if (desired === undefined) throw validationError('DesiredCapacity is required.');
      if (desired > group.maxSize) {
        throw validationError(
          `New SetDesiredCapacity value ${desired} is above max value ${group.maxSize} for the AutoScalingGroup.`,
        );
      }
      if (desired < group.minSize) {
        throw validationError(
          `New SetDesiredCapacity value ${desired} is below min value ${group.minSize} for the AutoScalingGroup.`,
        );
      }
      const now = clock.now();
      if (request.HonorCooldown && (group.coolsUntil ?? 0) > now) throw coolingDown(group);
      if (desired !== group.desiredCapacity) group.coolsUntil = now + group.defaultCooldownSeconds * 1000;
      group.desiredCapacity = desired;
      ops.context.changed();
      ops.enqueue(group.name);
      return {};
    },

    DescribeAutoScalingGroups(request: AutoScalingGroupNamesType) {
      const names = request.AutoScalingGroupNames ?? [];
      const groups = Object.values(state.groups)
        .filter((g) => names.length === 0 || names.includes(g.name))
        .filter((g) => (request.Filters ?? []).every((f) => hasTag(g, f)))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const { page, NextToken } = pageOf(groups, request, 50, 100);
      return {
        AutoScalingGroups: page.map((g) => describeGroup(state, g, request.IncludeInstances ?? true)),
        NextToken,
      };
    },
  };
}

/** What the group launches from: a template, or a mixed-instances policy in its stead. */
function readSource(
  ops: Operations,
  request: CreateAutoScalingGroupType | UpdateAutoScalingGroupType,
): Pick<GroupRecord, 'launchTemplate' | 'mixedInstances'> | undefined {
  if (request.LaunchTemplate && request.MixedInstancesPolicy) {
    throw validationError('LaunchTemplate and MixedInstancesPolicy cannot both be specified.');
  }
  if (request.MixedInstancesPolicy) return readMixedInstances(ops, request.MixedInstancesPolicy);
  if (!request.LaunchTemplate) return undefined;
  return { launchTemplate: readTemplate(ops, request.LaunchTemplate), mixedInstances: undefined };
}

/** `tag:KEY` by value, `tag-key` and `tag-value` by either. */
function hasTag(group: GroupRecord, filter: Filter): boolean {
  const values = filter.Values ?? [];
  const name = filter.Name ?? '';
  if (name === 'tag-key') return group.tags.some((t) => values.includes(t.key));
  if (name === 'tag-value') return group.tags.some((t) => values.includes(t.value));
  if (name.startsWith('tag:')) return group.tags.some((t) => t.key === name.slice(4) && values.includes(t.value));
  throw validationError(`Filter type ${name} is not correct. Allowed Filter types are: tag-key, tag-value, tag:<key>`);
}
