import type {
  DeletePolicyType,
  DescribePoliciesType,
  ExecutePolicyType,
  PutScalingPolicyType,
  ScalingPolicy,
} from '@aws-sdk/client-auto-scaling';
import { isoSeconds } from '@golden-pipeline/shared/text';
import type { GroupRecord, PolicyRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { resourceArn } from '../describe.ts';
import { coolingDown, limitExceeded, validationError } from '../errors.ts';
import { requireGroup } from '../groups.ts';
import type { Operations } from '../operations.ts';
import { pageOf } from '../pages.ts';
import { adjusted, adjustmentOf, adjustmentTypes, readPolicy } from '../policies.ts';

/** Quota of Auto Scaling: policies of a group. */
const MAX_POLICIES = 50;

/** Policies are stored and shown, and executed on request; no metric moves them. */
export function policyHandlers(ops: Operations): HandlerTable {
  const { state, clock } = ops.context;

  const groupsOf = (name: string | undefined): GroupRecord[] =>
    name ? [requireGroup(state, name)] : Object.values(state.groups);

  const find = (
    groupName: string | undefined,
    policy: string | undefined,
  ): { group: GroupRecord; policy: PolicyRecord } => {
    for (const group of groupsOf(groupName)) {
      // A name alone is enough only together with the group's.
      const found = group.policies?.find((p) => p.arn === policy || (groupName && p.name === policy));
      if (found) return { group, policy: found };
    }
    throw validationError(`No policy found with name or ARN: ${policy}`);
  };

  return {
    PutScalingPolicy(request: PutScalingPolicyType) {
      const group = requireGroup(state, request.AutoScalingGroupName);
      const read = readPolicy(request);
      const name = read.PolicyName ?? '';
      const before = group.policies?.find((p) => p.name === name);
      const others = (group.policies ?? []).filter((p) => p !== before);
      if (others.length >= MAX_POLICIES)
        throw limitExceeded(`A group cannot have more than ${MAX_POLICIES} scaling policies.`);
      const arn = before?.arn ?? resourceArn(group, 'scalingPolicy', name, 'policyName');
      group.policies = [...others, { name, arn, request: { ...read } }];
      ops.context.changed();
      return { PolicyARN: arn, Alarms: [] };
    },

    DeletePolicy(request: DeletePolicyType) {
      const { group, policy } = find(request.AutoScalingGroupName, request.PolicyName);
      group.policies = group.policies?.filter((p) => p !== policy);
      ops.context.changed();
      return {};
    },

    DescribePolicies(request: DescribePoliciesType) {
      const names = request.PolicyNames ?? [];
      const types = request.PolicyTypes ?? [];
      const found = groupsOf(request.AutoScalingGroupName)
        .flatMap((group) => (group.policies ?? []).map((policy) => ({ group, policy })))
        .filter(({ policy: { name, arn } }) => names.length === 0 || names.includes(name) || names.includes(arn))
        .filter(({ policy }) => types.length === 0 || types.includes(String(policy.request.PolicyType)));
      const { page, NextToken } = pageOf(found, request, 50, 100);
      return { ScalingPolicies: page.map(({ group, policy }) => describe(group, policy)), NextToken };
    },

    ExecutePolicy(request: ExecutePolicyType) {
      const { group, policy } = find(request.AutoScalingGroupName, request.PolicyName);
      const settings = policy.request as unknown as PutScalingPolicyType;
      const adjustment = adjustmentOf(settings, request);
      // Only simple scaling knows cooldowns.
      const simple = settings.PolicyType === 'SimpleScaling';
      if (simple && request.HonorCooldown && (group.coolsUntil ?? 0) > clock.now()) throw coolingDown(group);
      const from = group.desiredCapacity;
      const to = adjusted(group, settings, adjustment);
      if (to !== from) {
        const cooldownSeconds = settings.Cooldown ?? group.defaultCooldownSeconds;
        if (simple) group.coolsUntil = clock.now() + cooldownSeconds * 1000;
        group.desiredCapacity = to;
        group.capacityCause = `At ${isoSeconds(clock.now())} a user request executed policy ${policy.name} changing the desired capacity from ${from} to ${to}.`;
      }
      ops.context.changed();
      ops.enqueue(group.name);
      return {};
    },

    DescribeAdjustmentTypes: () => ({ AdjustmentTypes: adjustmentTypes.map((AdjustmentType) => ({ AdjustmentType })) }),
  };
}

function describe(group: GroupRecord, { name, arn, request }: PolicyRecord): ScalingPolicy {
  return { ...request, AutoScalingGroupName: group.name, PolicyName: name, PolicyARN: arn, Alarms: [] };
}
