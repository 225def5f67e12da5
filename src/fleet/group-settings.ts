import { isDeepStrictEqual } from 'node:util';
import type { AwsClients } from '../aws/clients.ts';
import { readGroup, resumeProcesses, suspendProcesses } from '../aws/groups.ts';
import {
  deleteScheduledActions,
  isOver,
  putPolicy,
  putScheduledActions,
  readPolicies,
  readScheduledActions,
  type ScalingPolicy,
  type ScheduledAction,
} from '../aws/scaling-settings.ts';
import type { RunContext } from '../engine/step.ts';
import type { GroupSettings, Services } from './services.ts';

type Context = RunContext<Services, object>;

/** The scheduled action that ends a group without traffic; by its name it is distinguished from those of others. */
export const scaleDownName = 'golden-pipeline-scale-down';

/** All of a group that is carried from group to group: three calls. */
export async function readSettings({ autoScaling }: AwsClients, name: string): Promise<GroupSettings> {
  const [group, policies, actions] = await Promise.all([
    readGroup(autoScaling, name),
    readPolicies(autoScaling, name),
    readScheduledActions(autoScaling, name),
  ]);
  const { min, max, desired, suspended, launchTemplate: template } = group;
  return { name, min, max, desired, template, suspended, policies, actions };
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

/** Lets a group have exactly the wanted scheduled actions; ones whose time has passed are not restored. */
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
    const { settings } = policy;
    await context.change({ action: 'put-policy', target: `${name}/${policy.name}`, data: { settings } }, () =>
      putPolicy(autoScaling, name, policy),
    );
  }
}
