import { readTargets } from '../../aws/balancers.ts';
import { readGroupTag, setGroupTag } from '../../aws/capacity.ts';
import { readGroup, setCapacity } from '../../aws/groups.ts';
import { deleteScheduledActions, putScheduledActions, type ScheduledAction } from '../../aws/scaling-settings.ts';
import { times } from '../services.ts';
import { baselineText, endOf, heldTag, type ScaleContext, type ScaleStep, scaleInName, scaleOutName } from './state.ts';

/** Gives the group its new size now, and the time when it goes back. */
export const resize: ScaleStep = {
  id: 'resize',
  title: 'Change the size',
  describe: ({ state: { scale, group } }) => [
    `${group}: ${scale.to} machines now, and at least so many, so that no policy takes them away before the event`,
    scale.until
      ? `back to ${describeEnd(scale)} at ${scale.until}, by a scheduled action of Auto Scaling`
      : 'it stays so until --cancel',
  ],
  async run(context) {
    const { aws, fleet } = context.services;
    const { scale, group } = context.state;
    const before = await readGroup(aws.autoScaling, group);
    const min = scale.to > scale.baseline.desired ? scale.to : Math.min(fleet.capacity.min, scale.to);
    const held = min === scale.to && scale.to > scale.baseline.desired;
    const tag = await readGroupTag(aws.autoScaling, group, heldTag);
    await context.change({ action: 'tag-group', target: group, data: { was: tag ?? null } }, () =>
      setGroupTag(aws.autoScaling, group, heldTag, held ? baselineText(scale.baseline, scale.to) : undefined),
    );
    await context.change(
      { action: 'set-capacity', target: group, data: { min: before.min, desired: before.desired } },
      () => setCapacity(aws.autoScaling, group, { min, desired: scale.to }),
    );
    if (scale.until) await schedule(context, [{ name: scaleInName, start: scale.until, ...endOf(scale) }]);
    await waitHealthy(context);
  },
  async undo(context) {
    const { aws } = context.services;
    const { group } = context.state;
    for (const change of context.changes().filter((one) => !one.undoing && one.error === undefined)) {
      if (change.action === 'set-capacity') {
        const { min, desired } = change.data as { min: number; desired: number };
        await context.change({ action: 'restore-capacity', target: group, data: { min, desired } }, () =>
          setCapacity(aws.autoScaling, group, { min, desired }),
        );
      }
      if (change.action === 'tag-group') {
        const was = change.data.was;
        await context.change({ action: 'restore-tag', target: group }, () =>
          setGroupTag(aws.autoScaling, group, heldTag, typeof was === 'string' ? was : undefined),
        );
      }
    }
    await unschedule(context);
  },
};

/** Leaves both ends to Auto Scaling: nothing of ours has to be alive when the time comes. */
export const plan: ScaleStep = {
  id: 'schedule',
  title: 'Schedule',
  describe: ({ state: { scale, group } }) => [
    `at ${scale.at} ${group} gets ${scale.to} machines, and at least so many`,
    scale.until ? `at ${scale.until} it goes back to ${describeEnd(scale)}` : 'it stays so until --cancel',
    'both are scheduled actions of Auto Scaling: nothing of ours has to be running then',
  ],
  async run(context) {
    const { aws } = context.services;
    const { scale, group } = context.state;
    if (!scale.until) {
      await context.change({ action: 'tag-group', target: group, data: { was: null } }, () =>
        setGroupTag(aws.autoScaling, group, heldTag, baselineText(scale.baseline, scale.to)),
      );
    }
    const out = { name: scaleOutName, start: scale.at, min: scale.to, desired: scale.to };
    const back = scale.until ? [{ name: scaleInName, start: scale.until, ...endOf(scale) }] : [];
    await schedule(context, [out, ...back]);
  },
  async undo(context) {
    const { aws } = context.services;
    if (context.changes().some((one) => one.action === 'tag-group' && !one.undoing)) {
      await context.change({ action: 'restore-tag', target: context.state.group }, () =>
        setGroupTag(aws.autoScaling, context.state.group, heldTag, undefined),
      );
    }
    await unschedule(context);
  },
};

async function schedule(context: ScaleContext, actions: ScheduledAction[]): Promise<void> {
  const { group } = context.state;
  const names = actions.map((one) => one.name);
  await context.change({ action: 'put-scheduled-actions', target: group, data: { names } }, () =>
    putScheduledActions(context.services.aws.autoScaling, group, actions, context.clock.now()),
  );
}

async function unschedule(context: ScaleContext): Promise<void> {
  const { aws } = context.services;
  for (const change of context.changes()) {
    if (change.action !== 'put-scheduled-actions' || change.undoing) continue;
    await context.change({ action: 'delete-scheduled-actions', target: change.target }, () =>
      deleteScheduledActions(aws.autoScaling, change.target, change.data.names as string[]),
    );
  }
}

/** Waits until the fleet has its size: one look at the group and one at the targets each time, however large it is. */
export async function waitHealthy(context: ScaleContext): Promise<void> {
  const { aws, fleet } = context.services;
  const { group, targetGroupArn, scale } = context.state;
  let inRow = 0;
  await context.poll({
    what: `${scale.to} machines of ${group} to be healthy`,
    read: async () =>
      (await readTargets(aws.elb, targetGroupArn)).filter((target) => target.state === 'healthy').length,
    until: (healthy) => {
      inRow = healthy >= scale.to ? inRow + 1 : 0;
      return inRow >= fleet.release.healthyReads;
    },
    progress: (healthy) =>
      context.progress(`${healthy} of ${scale.to} healthy`, { done: Math.min(healthy, scale.to), total: scale.to }),
    ...times(fleet, 'refresh'),
  });
}

function describeEnd(scale: Parameters<typeof endOf>[0]): string {
  const { min, desired } = endOf(scale);
  return desired === undefined
    ? `a minimum of ${min}, and its scaling policies take the fleet down`
    : `${desired} machines (minimum ${min})`;
}
