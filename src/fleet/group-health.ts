import { PipelineError } from '@golden-pipeline/shared/errors';
import { readTargets, type TargetHealth } from '../aws/balancers.ts';
import { type Group, readGroups, setCapacity } from '../aws/groups.ts';
import { isTimeout } from '../engine/poll.ts';
import type { RunContext } from '../engine/step.ts';
import { inARow } from './consecutive.ts';
import { explained, explainGroup, unhealthyTargets } from './explain.ts';
import { type Colour, type Services, times } from './services.ts';

type Context = RunContext<Services, object>;

/** How a colour is, and how large the other one is that it must match. */
export interface ColourHealth {
  group: Group;
  leader: Group;
  targets: TargetHealth[];
  /** Instances in service that are healthy for the balancer. */
  healthy: number;
}

/** Two calls, whatever the size. */
export async function readColour(
  { aws }: Pick<Services, 'aws'>,
  colour: Colour,
  leader: Colour,
): Promise<ColourHealth> {
  const [groups, targets] = await Promise.all([
    readGroups(aws.autoScaling, [colour.group, leader.group]),
    readTargets(aws.elb, colour.targetGroupArn),
  ]);
  const [group, other] = groups as [Group, Group];
  const well = new Set(targets.filter((target) => target.state === 'healthy').map((target) => target.id));
  const healthy = group.instances.filter((one) => one.lifecycle === 'InService' && well.has(one.id)).length;
  return { group, leader: other, targets, healthy };
}

/**
 * Proves a colour: as many healthy instances as the other colour wants, for `release.healthyReads` readings in a row. A colour that
 * is smaller than the other is brought up first, also when the other grows meanwhile: the capacity that serves never drops.
 * @param everyMs Pause between two readings; by default `release.pollSeconds`.
 * @throws PipelineError `colour.unhealthy` at the deadline, with the balancer's reasons.
 */
export async function proveColour(
  context: Context,
  colour: Colour,
  leader: Colour,
  everyMs = context.services.fleet.release.pollSeconds * 1000,
): Promise<void> {
  const { fleet } = context.services;
  const steady = inARow(fleet.release.healthyReads);
  let last: ColourHealth | undefined;
  try {
    await context.poll({
      what: `${colour.group} to be healthy`,
      read: async () => {
        last = await readColour(context.services, colour, leader);
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
    const { causes, fix } = await explained(explainGroup(context, colour.group));
    const wanted = Math.max(last?.group.desired ?? 0, last?.leader.desired ?? 0);
    throw new PipelineError(
      'colour.unhealthy',
      `only ${last?.healthy ?? 0} of ${wanted} machines of ${colour.group} became healthy in ${fleet.release.timeouts.health} s`,
      {
        details: [...causes, ...unhealthyTargets(last?.targets ?? [])],
        hint:
          fix ?? `check what ${fleet.balancer.healthCheck.path} answers there, and the activities of ${colour.group}`,
      },
    );
  }
}

/** Brings a colour up to the other's size as it is now, and no lower than that; true when it had to grow. */
async function matchSize(context: Context, { group, leader }: ColourHealth): Promise<boolean> {
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

/** Ends all machines of a colour that has no traffic, and waits until they are gone. */
export async function emptyColour(context: Context, colour: Colour): Promise<void> {
  const { fleet, aws } = context.services;
  const read = async () => (await readGroups(aws.autoScaling, [colour.group]))[0] as Group;
  const group = await read();
  if (group.min > 0 || group.desired > 0) {
    const { min, max, desired } = group;
    await context.change({ action: 'empty-group', target: group.name, data: { was: { min, max, desired } } }, () =>
      setCapacity(aws.autoScaling, group.name, { min: 0, desired: 0 }),
    );
  }
  await context.poll({
    what: `the machines of ${group.name} to end`,
    read,
    until: (one) => one.instances.length === 0,
    progress: (one) => context.progress(`${one.instances.length} of ${group.name} still to end`),
    explain: explainGroup(context, group.name),
    ...times(fleet, 'drain'),
  });
}
