import {
  DeregisterTargetsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { isNotFound } from './errors.ts';
import { observedChange } from './observed.ts';

/** Health of one target. */
export interface TargetHealth {
  id: string;
  state: string;
  reason?: string;
}

/**
 * ARN of a target group.
 * @throws PipelineError `target-group.missing`
 */
export async function findTargetGroup(elb: ElasticLoadBalancingV2Client, name: string): Promise<string> {
  try {
    const { TargetGroups } = await elb.send(new DescribeTargetGroupsCommand({ Names: [name] }));
    if (TargetGroups?.[0]?.TargetGroupArn) return TargetGroups[0].TargetGroupArn;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  throw missing('target-group.missing', `there is no target group ${name}`);
}

function missing(code: string, message: string): PipelineError {
  return new PipelineError(code, message, {
    fix: 'create the fleet first: deploy the infrastructure, or `pipeline local up`',
  });
}

/** Health of every target of a group: one call, whatever their number. */
export async function readTargets(elb: ElasticLoadBalancingV2Client, targetGroupArn: string): Promise<TargetHealth[]> {
  const { TargetHealthDescriptions } = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
  );
  return (TargetHealthDescriptions ?? []).map((target) => ({
    id: target.Target?.Id ?? '',
    state: target.TargetHealth?.State ?? 'unknown',
    reason: target.TargetHealth?.Description ?? target.TargetHealth?.Reason,
  }));
}

export async function registerTarget(
  elb: ElasticLoadBalancingV2Client,
  targetGroupArn: string,
  id: string,
): Promise<void> {
  await observedChange(
    () => elb.send(new RegisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: [{ Id: id }] })),
    async () => (await readTargets(elb, targetGroupArn)).some((one) => one.id === id && one.state !== 'draining'),
  );
}

export async function deregisterTarget(
  elb: ElasticLoadBalancingV2Client,
  targetGroupArn: string,
  id: string,
): Promise<void> {
  await observedChange(
    () => elb.send(new DeregisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: [{ Id: id }] })),
    async () => (await readTargets(elb, targetGroupArn)).every((one) => one.id !== id || one.state === 'draining'),
  );
}
