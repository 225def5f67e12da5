import { PipelineError } from '@golden-pipeline/shared/errors';
import { readTargets, type TargetHealth } from '../aws/balancers.ts';
import { type Group, readGroups, setCapacity } from '../aws/groups.ts';
import { isTimeout } from '../engine/poll.ts';
import type { RunContext } from '../engine/step.ts';
import { consecutive } from './consecutive.ts';
import { noticeUnhealthy } from './evidence/gathered.ts';
import { explained, explainGroup, unhealthyTargets } from './explain.ts';
import { type FleetGroup, type Services, times } from './services.ts';
import { neededToBeWhole, suspensionWatch } from './suspended.ts';

type Context = RunContext<Services, object>;

/** How a group is, and how large the other one is that it must match. */
export interface GroupHealth {
  group: Group;
  leader: Group;
  targets: TargetHealth[];
  /** Instances in service that are healthy for the balancer. */
  healthy: number;
}

/** Two calls, whatever the size. */
export async function readGroupHealth(
  { aws }: Pick<Services, 'aws'>,
  fleetGroup: FleetGroup,
  leader: FleetGroup,
): Promise<GroupHealth> {
  const [groups, targets] = await Promise.all([
    readGroups(aws.autoScaling, [fleetGroup.group, leader.group]),
    readTargets(aws.elb, fleetGroup.targetGroupArn),
  ]);
  const [group, other] = groups as [Group, Group];
  const well = new Set(targets.filter((target) => target.state === 'healthy').map((target) => target.id));
  const healthy = group.instances.filter((one) => one.lifecycle === 'InService' && well.has(one.id)).length;
  return { group, leader: other, targets, healthy };
}

/**
 * Waits for a healthy group: as many healthy instances as the other group wants, for `release.healthyReads` consecutive readings. A group that
 * is smaller than the other is brought up first, also when the other grows meanwhile: the capacity that serves never drops.
 * @param everyMs Pause between two readings; by default `release.pollSeconds`.
 * @throws PipelineError `group.unhealthy` at the deadline, with the balancer's reasons.
 */
export async function waitGroupReady(
  context: Context,
  fleetGroup: FleetGroup,
  leader: FleetGroup,
  everyMs = context.services.fleet.release.pollSeconds * 1000,
): Promise<void> {
  const { fleet } = context.services;
  const steady = consecutive(fleet.release.healthyReads);
  const watch = suspensionWatch(context);
  let last: GroupHealth | undefined;
  try {
    await context.poll({
      what: `${fleetGroup.group} to be healthy`,
      read: async () => {
        last = await readGroupHealth(context.services, fleetGroup, leader);
        const { group, healthy, targets } = last;
        watch(group, neededToBeWhole(group, targets), `${healthy} of ${targets.length}`);
        noticeUnhealthy(context, group, targets);
        return { ...last, grown: await matchSize(context, last) };
      },
      until: ({ group, leader: other, healthy, grown }) => {
        const whole = !grown && healthy >= Math.max(group.desired, other.desired);
        return steady(whole);
      },
      progress: ({ group, leader: other, healthy }) => {
        const wanted = Math.max(group.desired, other.desired);
        context.progress(`${healthy} of ${wanted} of ${group.name} healthy`, { done: healthy, total: wanted });
      },
      ...times(fleet, 'health'),
      everyMs,
    });
  } catch (error) {
    if (!isTimeout(error)) throw error;
    const { causes, fix } = await explained(explainGroup(context, fleetGroup.group));
    const wanted = Math.max(last?.group.desired ?? 0, last?.leader.desired ?? 0);
    throw new PipelineError(
      'group.unhealthy',
      `only ${last?.healthy ?? 0} of ${wanted} instances of ${fleetGroup.group} became healthy in ${fleet.release.timeouts.health} s`,
      {
        details: [...causes, ...unhealthyTargets(last?.targets ?? [])],
        fix:
          fix ??
          `check what ${fleet.balancer.healthCheck.path} answers there, and the activities of ${fleetGroup.group}`,
      },
    );
  }
}

/** Brings a group up to the other's size as it is now, and no lower than that; true when it had to grow. */
async function matchSize(context: Context, { group, leader }: GroupHealth): Promise<boolean> {
  if (group.desired >= leader.desired) return false;
  const size = { min: leader.desired, max: Math.max(group.max, leader.max), desired: leader.desired };
  await context.change(
    {
      action: 'set-capacity',
      target: group.name,
      data: { ...size, was: { min: group.min, max: group.max, desired: group.desired } },
    },
    () => setCapacity(context.services.aws.autoScaling, group.name, size),
  );
  return true;
}

/** Terminates all instances of a group without traffic, and waits until they are gone. */
export async function emptyGroup(context: Context, fleetGroup: FleetGroup): Promise<void> {
  const { fleet, aws } = context.services;
  const watch = suspensionWatch(context);
  const read = async () => (await readGroups(aws.autoScaling, [fleetGroup.group]))[0] as Group;
  const group = await read();
  if (group.min > 0 || group.desired > 0) {
    const { min, max, desired } = group;
    await context.change({ action: 'empty-group', target: group.name, data: { was: { min, max, desired } } }, () =>
      setCapacity(aws.autoScaling, group.name, { min: 0, desired: 0 }),
    );
  }
  await context.poll({
    what: `the instances of ${group.name} to terminate`,
    read,
    until: (one) => {
      // Those that end already need nothing more of the group.
      const staying = one.instances.filter(({ lifecycle }) => !/^Terminat/.test(lifecycle)).length;
      watch(one, staying > 0 ? ['Terminate'] : [], `${staying} of ${one.instances.length}`);
      return one.instances.length === 0;
    },
    progress: (one) => context.progress(`${one.instances.length} instances of ${group.name} still to terminate`),
    explain: explainGroup(context, group.name),
    ...times(fleet, 'drain'),
  });
}
