import { messageOf } from '@golden-pipeline/shared/errors';
import { type Activity, hasFailed, isLaunch, readActivities } from '../aws/activities.ts';
import { type Group, readGroup } from '../aws/groups.ts';
import { readImage } from '../aws/images.ts';
import { readTemplateVersion } from '../aws/launch-templates.ts';
import { type LifecycleHook, readLifecycleHooks } from '../aws/lifecycle-hooks.ts';
import { awsCommand } from '../config/aws-command.ts';
import type { Services } from './services.ts';
import { blockingProcesses, resumeCommand, suspensionText } from './suspended.ts';

/** Why a group does not get, lose or register instances, as the cloud tells it. */
export interface Cause {
  kind: 'suspended' | 'template' | 'image' | 'hook' | 'launch' | 'termination';
  /** A sentence without its full stop. */
  message: string;
  /** A command or a sentence. */
  fix?: string;
  /** Milliseconds since the epoch from when on it holds, where that is known. */
  since?: number;
}

/** So many causes of one kind are listed one by one. */
const shown = 3;

/** What keeps the group from going on, the cause of the others first. A handful of calls, whatever its size. */
export async function groupCauses(
  { aws, fleet }: Pick<Services, 'aws' | 'fleet'>,
  name: string,
  {
    since = 0,
    imageId,
  }: {
    /** Failures before it do not count. Milliseconds since the epoch. */
    since?: number;
    /** An image that is launched besides that of the group's template. */
    imageId?: string;
  } = {},
): Promise<Cause[]> {
  const [group, activities] = await Promise.all([
    readGroup(aws.autoScaling, name),
    readActivities(aws.autoScaling, name),
  ]);
  const held = group.instances.some((one) => isHeld(one.lifecycle));
  const [launched, hooks] = await Promise.all([
    launchCauses({ aws, fleet }, group, imageId),
    // Without leave to read them the instances that wait are named all the same.
    held ? readLifecycleHooks(aws.autoScaling, name).catch(() => []) : [],
  ]);
  return [
    ...suspensions(fleet, group),
    ...launched,
    ...holds(fleet, group, hooks, activities),
    ...failures(unresolved(activities).filter((one) => one.startedAt >= since)),
  ];
}

const isHeld = (lifecycle: string): boolean => lifecycle.endsWith(':Wait');

function suspensions(fleet: Services['fleet'], group: Group): Cause[] {
  return blockingProcesses
    .filter((process) => group.suspended.includes(process))
    .map((process) => ({
      kind: 'suspended',
      message: suspensionText(group, process),
      fix: resumeCommand(fleet, group.name, [process]),
    }));
}

/** Whether what the group launches is there. */
async function launchCauses(
  { aws, fleet }: Pick<Services, 'aws' | 'fleet'>,
  { name, launchTemplate: { id, version } }: Group,
  imageId: string | undefined,
): Promise<Cause[]> {
  // A mixed instances policy names its templates elsewhere.
  if (id === '') return [];
  const template = await readTemplateVersion(aws.ec2, id, version).catch(messageOf);
  if (typeof template === 'string') {
    return [{ kind: 'template', message: template, fix: `let ${name} name a version that exists` }];
  }
  const ids = new Set([template.imageId, imageId].filter((one) => one !== undefined));
  const images = await Promise.all(
    [...ids].map(async (one) => ({ id: one, state: (await readImage(aws.ec2, one))?.state })),
  );
  return images
    .filter(({ state }) => state !== 'available')
    .map((one) => ({
      kind: 'image',
      message: `image ${one.id}, which ${name} launches, is ${one.state ?? 'gone'}`,
      fix: `pipeline repair ${fleet.app}`,
    }));
}

/** Instances that a lifecycle hook holds. */
function holds(
  fleet: Services['fleet'],
  group: Group,
  hooks: readonly LifecycleHook[],
  activities: readonly Activity[],
): Cause[] {
  const held = group.instances.filter((one) => isHeld(one.lifecycle));
  return held.slice(0, shown).map(({ id, lifecycle }, index) => {
    const side = lifecycle.includes('Terminating') ? 'termination' : 'launch';
    const names = hooks.filter((hook) => hook.holds === side).map((hook) => hook.name);
    const activity = activities.find((one) => one.description.includes(id) && one.status === 'MidLifecycleAction');
    const what = activity ? `${activity.description} (${activity.status})` : `${id} is ${lifecycle}`;
    const more = index === shown - 1 && held.length > shown ? `, as are ${held.length - shown} more` : '';
    return {
      kind: 'hook',
      message: `${what}: it is held by lifecycle hook ${names.join(', ') || 'of the group'}, which nothing has completed${more}`,
      fix: awsCommand(
        fleet,
        `autoscaling complete-lifecycle-action --auto-scaling-group-name ${group.name} --lifecycle-hook-name ${names[0] ?? 'HOOK'} --instance-id ${id} --lifecycle-action-result CONTINUE`,
      ),
      ...(activity && { since: activity.startedAt }),
    };
  });
}

/** Activities that have failed, and of whose kind none has gone well since. @param activities newest first */
function unresolved(activities: readonly Activity[]): Activity[] {
  return activities.filter(hasFailed).filter((one) => {
    const good = activities.find((other) => isLaunch(other) === isLaunch(one) && other.status === 'Successful');
    return one.startedAt >= (good?.startedAt ?? 0);
  });
}

/** Failed activities, those of one reason as one. @param activities newest first */
function failures(activities: readonly Activity[]): Cause[] {
  const byReason = new Map<string, Activity[]>();
  for (const one of activities) {
    // AWS names the instance in some reasons; what is left is the same for all.
    const reason = `${isLaunch(one)} ${(one.message ?? one.description).replace(/\bi-[0-9a-f]+/g, 'i-')}`;
    byReason.set(reason, [...(byReason.get(reason) ?? []), one]);
  }
  return [...byReason.values()].slice(0, shown).map((same) => {
    const [newest] = same as [Activity, ...Activity[]];
    const launch = isLaunch(newest);
    const what = launch ? 'launch' : 'activity';
    const count =
      same.length === 1 ? `a ${what} has failed` : `${same.length} ${launch ? 'launches' : 'activities'} have failed`;
    return {
      kind: launch ? 'launch' : 'termination',
      message: `${count}: ${newest.message ?? newest.description}`,
      since: newest.startedAt,
    };
  });
}
