import { PipelineError } from '@golden-pipeline/shared/errors';
import { readTargets, type TargetHealth } from '../aws/balancers.ts';
import { readGroup } from '../aws/groups.ts';
import { type Ec2Instance, isEnding, readInstance } from '../aws/instances.ts';
import { isTimeout } from '../engine/poll.ts';
import type { RunContext } from '../engine/step.ts';
import { consecutive } from './consecutive.ts';
import { noticeUnhealthy } from './evidence/gathered.ts';
import { explained, explainGroup } from './explain.ts';
import { type FleetGroup, type Services, times } from './services.ts';
import { neededToBeWhole, suspensionWatch } from './suspended.ts';

/**
 * Waits until a target has been healthy for `release.healthyReads` consecutive readings: one good reading may be a flap.
 * @throws PipelineError `target.unhealthy` as soon as the instance is gone, or at the deadline with the balancer's reason.
 * @param group The instance's group, which may keep it from being registered.
 */
export async function waitTargetHealthy(
  context: RunContext<Services, object>,
  targetGroupArn: string,
  instanceId: string,
  group?: string,
): Promise<void> {
  const { fleet, aws } = context.services;
  const steady = consecutive(fleet.release.healthyReads);
  const watch = suspensionWatch(context);
  let last: TargetHealth | undefined;
  try {
    await context.poll({
      what: `target ${instanceId} to become healthy`,
      read: async () => {
        last = (await readTargets(aws.elb, targetGroupArn)).find((target) => target.id === instanceId);
        if (last?.state !== 'healthy') await assertAlive(context, instanceId);
        if (!last && group !== undefined) {
          watch(await readGroup(aws.autoScaling, group), ['AddToLoadBalancer'], 'not registered');
        }
        return last;
      },
      until: (target) => {
        return steady(target?.state === 'healthy');
      },
      progress: (target) => context.progress(`${instanceId} is ${target?.state ?? 'not registered yet'}`),
      ...times(fleet, 'health'),
    });
  } catch (error) {
    if (!isTimeout(error)) throw error;
    const { causes, fix } = group ? await explained(explainGroup(context, group)) : { causes: [] };
    throw new PipelineError(
      'target.unhealthy',
      `${instanceId} did not become healthy in ${fleet.release.timeouts.health} s: it is ${last?.state ?? 'not registered'}` +
        `${last?.reason ? ` (${last.reason})` : ''}`,
      {
        details: causes,
        fix: fix ?? `check what ${fleet.balancer.healthCheck.path} answers and the service's log on the instance`,
      },
    );
  }
}

/** Waits until as many targets are healthy as the group wants in service, for several consecutive readings. */
export async function waitFleetHealthy(context: RunContext<Services, FleetGroup>): Promise<void> {
  const { fleet, aws } = context.services;
  const steady = consecutive(fleet.release.healthyReads);
  const watch = suspensionWatch(context);
  await context.poll({
    what: `the whole fleet ${context.state.group} to be healthy`,
    read: async () => {
      const [group, targets] = await Promise.all([
        readGroup(aws.autoScaling, context.state.group),
        readTargets(aws.elb, context.state.targetGroupArn),
      ]);
      const healthy = targets.filter((target) => target.state === 'healthy').length;
      watch(group, neededToBeWhole(group, targets), `${healthy} of ${targets.length}`);
      noticeUnhealthy(context, group, targets);
      return { wanted: group.desired, healthy };
    },
    until: ({ wanted, healthy }) => {
      return steady(healthy >= wanted);
    },
    progress: ({ wanted, healthy }) =>
      context.progress(`${healthy} of ${wanted} healthy`, { done: healthy, total: wanted }),
    explain: explainGroup(context, context.state.group, context.state.targetGroupArn),
    ...times(fleet, 'health'),
  });
}

async function assertAlive(context: RunContext<Services, object>, instanceId: string): Promise<void> {
  const instance = await readInstance(context.services.aws.ec2, instanceId);
  if (instance && isDown(instance)) {
    throw new PipelineError(
      'target.unhealthy',
      `${instanceId} is ${instance.state}${instance.stateReason ? `: ${instance.stateReason}` : ''}`,
    );
  }
}

/** Whether it does not run, and will not by itself. */
function isDown(instance: Ec2Instance): boolean {
  return instance.state === 'stopped' || isEnding(instance);
}

/** Waits until an instance runs. Instances that are not found yet are awaited too (eventual consistency). */
export async function waitRunning(
  context: RunContext<Services, object>,
  instanceId: string,
): Promise<{ address: string }> {
  const { fleet, aws } = context.services;
  const instance = await context.poll({
    what: `instance ${instanceId} to run`,
    read: () => readInstance(aws.ec2, instanceId),
    until: (one) => {
      if (one && isDown(one)) {
        throw new PipelineError(
          'instance.failed',
          `${instanceId} is ${one.state}: ${one.stateReason ?? 'no reason given'}`,
        );
      }
      return one?.state === 'running';
    },
    progress: (one) => context.progress(`${instanceId} is ${one?.state ?? 'not visible yet'}`),
    explain: (one) => ({
      causes: [`${instanceId} is ${one?.state ?? 'not visible yet'}${one?.stateReason ? `: ${one.stateReason}` : ''}`],
    }),
    ...times(fleet, 'health'),
  });
  return { address: instance?.address ?? '' };
}
