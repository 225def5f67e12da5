import type { GroupInstance, GroupRecord } from '../model.ts';
import type { Runtime } from './runtime.ts';

/** Registers an instance with every target group of its Auto Scaling group. */
export function registerTargets(runtime: Runtime, group: GroupRecord, instanceId: string): void {
  for (const arn of group.targetGroupArns) {
    if (!runtime.targets.exists(arn)) continue;
    try {
      runtime.targets.register(arn, instanceId);
    } catch (error) {
      runtime.context.report(error);
    }
  }
}

/** Takes an instance out of the given target groups; resolves when every drain has ended. */
export async function drainTargets(runtime: Runtime, arns: string[], instanceId: string): Promise<void> {
  const { targets } = runtime;
  const drains = arns
    .filter((arn) => targets.exists(arn) && targets.state(arn, instanceId) !== undefined)
    .map((arn) => targets.deregister(arn, instanceId));
  const results = await Promise.allSettled(drains);
  for (const r of results) if (r.status === 'rejected') runtime.context.report(r.reason);
}

/** Whether the balancer lets traffic through to it everywhere; without ELB health checks nobody asks. */
export function passesBalancer(runtime: Runtime, group: GroupRecord, instance: GroupInstance): boolean {
  if (group.healthCheckType !== 'ELB') return true;
  return group.targetGroupArns.every((arn) => {
    const state = runtime.targets.state(arn, instance.instanceId);
    // `unused`: the target group is behind no listener, so nothing checks it and nothing is wrong with it.
    return state === 'healthy' || state === 'unused' || !runtime.targets.exists(arn);
  });
}

/** Whether some target group calls it unhealthy. */
export function failsBalancer(runtime: Runtime, group: GroupRecord, instance: GroupInstance): boolean {
  return (
    group.healthCheckType === 'ELB' &&
    group.targetGroupArns.some((arn) => runtime.targets.state(arn, instance.instanceId) === 'unhealthy')
  );
}
