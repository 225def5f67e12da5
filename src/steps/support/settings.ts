import { isDeepStrictEqual } from 'node:util';
import type { AwsClients } from '../../aws/clients.ts';
import { readGroup, resumeProcesses, setCapacity, setTemplate, suspendProcesses } from '../../aws/groups.ts';
import {
  deletePolicy,
  deleteScheduledActions,
  isOver,
  putPolicy,
  putScheduledActions,
  readPolicies,
  readScheduledActions,
  type ScalingPolicy,
  type ScheduledAction,
} from '../../aws/scaling-settings.ts';
import type { RunContext } from '../../run/step.ts';
import type { GroupSettings, Services } from '../services.ts';

type Context = RunContext<Services, object>;

/** The scheduled action that ends a colour without traffic; by its name it is told from those of others. */
export const scaleDownName = 'golden-pipeline-scale-down';

/** All of a group that is carried from colour to colour: three calls. */
export async function readSettings({ autoScaling }: AwsClients, name: string): Promise<GroupSettings> {
  const [group, policies, actions] = await Promise.all([
    readGroup(autoScaling, name),
    readPolicies(autoScaling, name),
    readScheduledActions(autoScaling, name),
  ]);
  const { min, max, desired, suspended, launchTemplate: template } = group;
  return { name, min, max, desired, template, suspended, policies, actions };
}

/**
 * Puts a group back to settings that it had.
 * @param size What of its size; `capacity`: limits and desired capacity, only for a colour that nobody else scales.
 */
export async function restoreSettings(
  context: Context,
  before: GroupSettings,
  size: 'nothing' | 'capacity',
): Promise<void> {
  const { name } = before;
  const { autoScaling } = context.services.aws;
  const now = await readSettings(context.services.aws, name);
  if (!isDeepStrictEqual(now.template, before.template)) {
    await context.change(
      { action: 'restore-template', target: name, data: { was: now.template, to: before.template } },
      () => setTemplate(autoScaling, name, before.template),
    );
  }
  // Meanwhile its own end may have come.
  const ended = before.actions.some((one) => one.name === scaleDownName && isOver(one, context.clock.now()));
  const min = ended ? 0 : before.min;
  const wanted = { min, max: before.max, desired: ended ? 0 : before.desired };
  if (size === 'capacity' && Object.entries(wanted).some(([key, value]) => now[key as keyof typeof wanted] !== value)) {
    await context.change({ action: 'restore-capacity', target: name, data: wanted }, () =>
      setCapacity(autoScaling, name, wanted),
    );
  }
  await setSuspended(context, name, now.suspended, before.suspended);
  await setActions(context, name, now.actions, before.actions);
  await setPolicies(context, name, now.policies, before.policies);
  for (const { name: policy } of now.policies) {
    if (before.policies.some((one) => one.name === policy)) continue;
    await context.change({ action: 'delete-policy', target: `${name}/${policy}` }, () =>
      deletePolicy(autoScaling, name, policy),
    );
  }
}

/** Suspends and resumes processes of a group until exactly the wanted ones are suspended. */
export async function setSuspended(
  context: Context,
  name: string,
  now: readonly string[],
  wanted: readonly string[],
): Promise<void> {
  const { autoScaling } = context.services.aws;
  const suspend = wanted.filter((process) => !now.includes(process));
  const resume = now.filter((process) => !wanted.includes(process));
  if (suspend.length > 0) {
    await context.change({ action: 'suspend-processes', target: name, data: { suspended: suspend } }, () =>
      suspendProcesses(autoScaling, name, suspend),
    );
  }
  if (resume.length > 0) {
    await context.change({ action: 'resume-processes', target: name, data: { resumed: resume } }, () =>
      resumeProcesses(autoScaling, name, resume),
    );
  }
}

/** Lets a group have exactly the wanted scheduled actions; ones whose time has passed are not put back. */
export async function setActions(
  context: Context,
  name: string,
  now: readonly ScheduledAction[],
  wanted: readonly ScheduledAction[],
): Promise<void> {
  const { autoScaling } = context.services.aws;
  const surplus = now.filter((one) => !wanted.some((other) => other.name === one.name)).map((one) => one.name);
  const put = wanted.filter(
    (one) => !isOver(one, context.clock.now()) && !now.some((other) => isDeepStrictEqual(other, one)),
  );
  // First away, then there: no two actions of a group may be due at the same time.
  if (surplus.length > 0) {
    await context.change({ action: 'delete-scheduled-actions', target: name, data: { names: surplus } }, () =>
      deleteScheduledActions(autoScaling, name, surplus),
    );
  }
  if (put.length > 0) {
    await context.change({ action: 'put-scheduled-actions', target: name, data: { actions: put } }, () =>
      putScheduledActions(autoScaling, name, put, context.clock.now()),
    );
  }
}

/** Gives a group the wanted policies where it has not got them already; what else it has stays. */
export async function setPolicies(
  context: Context,
  name: string,
  now: readonly ScalingPolicy[],
  wanted: readonly ScalingPolicy[],
): Promise<void> {
  const { autoScaling } = context.services.aws;
  for (const policy of wanted) {
    const same = now.find((one) => one.name === policy.name);
    if (same && isDeepStrictEqual(same.settings, policy.settings)) continue;
    await context.change({ action: 'put-policy', target: `${name}/${policy.name}` }, () =>
      putPolicy(autoScaling, name, policy),
    );
  }
}
