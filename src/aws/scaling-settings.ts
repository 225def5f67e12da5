import { isDeepStrictEqual } from 'node:util';
import {
  type AutoScalingClient,
  BatchDeleteScheduledActionCommand,
  BatchPutScheduledUpdateGroupActionCommand,
  DeletePolicyCommand,
  PutScalingPolicyCommand,
  type PutScalingPolicyType,
  paginateDescribePolicies,
  paginateDescribeScheduledActions,
} from '@aws-sdk/client-auto-scaling';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { instantOf, wholeSeconds } from '../shared/instant.ts';
import { observed, observedChange } from './observed.ts';

/** A scheduled action of a group; plain data. Times are ISO. */
export interface ScheduledAction {
  name: string;
  /** For a recurring one its next run. */
  start?: string;
  end?: string;
  recurrence?: string;
  timeZone?: string;
  min?: number;
  max?: number;
  desired?: number;
}

/** A scaling policy of a group; plain data. */
export interface ScalingPolicy {
  name: string;
  /** Names of the alarms that trigger it. */
  alarms: string[];
  /** The parameters of PutScalingPolicy, without the group. */
  settings: Omit<PutScalingPolicyType, 'AutoScalingGroupName'>;
}

/** Maximum number of entries in one batch call (AWS). */
const batchSize = 50;

/** All scheduled actions of a group. */
export async function readScheduledActions(autoScaling: AutoScalingClient, group: string): Promise<ScheduledAction[]> {
  const found: ScheduledAction[] = [];
  for await (const page of paginateDescribeScheduledActions({ client: autoScaling }, { AutoScalingGroupName: group })) {
    for (const one of page.ScheduledUpdateGroupActions ?? []) {
      found.push({
        name: one.ScheduledActionName ?? '',
        start: one.StartTime?.toISOString(),
        end: one.EndTime?.toISOString(),
        recurrence: one.Recurrence,
        timeZone: one.TimeZone,
        min: one.MinSize,
        max: one.MaxSize,
        desired: one.DesiredCapacity,
      });
    }
  }
  return found;
}

/**
 * Adds scheduled actions to a group; one of the same name is replaced. Those in the past at `now` are skipped, as AWS
 * refuses them.
 * @throws PipelineError `scheduled-actions.refused` naming each one that AWS refused, with the reason
 */
export async function putScheduledActions(
  autoScaling: AutoScalingClient,
  group: string,
  actions: readonly ScheduledAction[],
  now: number,
): Promise<void> {
  const live = actions.filter((one) => !isOver(one, now));
  for (let at = 0; at < live.length; at += batchSize) {
    const batch = live.slice(at, at + batchSize);
    const command = new BatchPutScheduledUpdateGroupActionCommand({
      AutoScalingGroupName: group,
      ScheduledUpdateGroupActions: batch.map((one) => ({
        ScheduledActionName: one.name,
        StartTime: one.start && instantOf(one.start) > now ? new Date(one.start) : undefined,
        EndTime: one.end ? new Date(one.end) : undefined,
        Recurrence: one.recurrence,
        TimeZone: one.timeZone,
        MinSize: one.min,
        MaxSize: one.max,
        DesiredCapacity: one.desired,
      })),
    });
    const failed = await observed(
      async () => (await autoScaling.send(command)).FailedScheduledUpdateGroupActions ?? [],
      async () => {
        const there = await readScheduledActions(autoScaling, group);
        return batch.every((one) => there.some((other) => isSameAction(one, other))) ? [] : undefined;
      },
    );
    refuse(group, failed);
  }
}

/** Deletes scheduled actions of a group; missing ones are not an error. */
export async function deleteScheduledActions(
  autoScaling: AutoScalingClient,
  group: string,
  names: readonly string[],
): Promise<void> {
  for (let at = 0; at < names.length; at += batchSize) {
    const batch = names.slice(at, at + batchSize);
    const command = new BatchDeleteScheduledActionCommand({ AutoScalingGroupName: group, ScheduledActionNames: batch });
    const failed = await observed(
      async () => (await autoScaling.send(command)).FailedScheduledActions ?? [],
      async () => {
        const there = await readScheduledActions(autoScaling, group);
        return there.some((one) => batch.includes(one.name)) ? undefined : [];
      },
    );
    refuse(
      group,
      failed.filter((one) => !/not found/i.test(one.ErrorMessage ?? '')),
    );
  }
}

/** All scaling policies of a group. */
export async function readPolicies(autoScaling: AutoScalingClient, group: string): Promise<ScalingPolicy[]> {
  const found: ScalingPolicy[] = [];
  for await (const page of paginateDescribePolicies({ client: autoScaling }, { AutoScalingGroupName: group })) {
    for (const { Alarms, AutoScalingGroupName: _group, PolicyARN: _arn, ...policy } of page.ScalingPolicies ?? []) {
      const { MinAdjustmentStep: _former, ...settings } = policy;
      found.push({
        name: settings.PolicyName ?? '',
        alarms: (Alarms ?? []).flatMap((alarm) => alarm.AlarmName ?? []),
        // AWS distinguishes an empty list from an absent one, so empty lists are left out.
        settings: Object.fromEntries(
          Object.entries(settings).filter(
            ([, value]) => value !== undefined && !(Array.isArray(value) && !value.length),
          ),
        ) as ScalingPolicy['settings'],
      });
    }
  }
  return found;
}

/** Adds a policy to a group; one of the same name is replaced and keeps its ARN. */
export async function putPolicy(autoScaling: AutoScalingClient, group: string, policy: ScalingPolicy): Promise<void> {
  await observedChange(
    () => autoScaling.send(new PutScalingPolicyCommand({ ...policy.settings, AutoScalingGroupName: group })),
    async () => {
      const now = (await readPolicies(autoScaling, group)).find((one) => one.name === policy.name);
      return isDeepStrictEqual(now?.settings, policy.settings);
    },
  );
}

export async function deletePolicy(autoScaling: AutoScalingClient, group: string, name: string): Promise<void> {
  await observedChange(
    () => autoScaling.send(new DeletePolicyCommand({ AutoScalingGroupName: group, PolicyName: name })),
    async () => (await readPolicies(autoScaling, group)).every((one) => one.name !== name),
  );
}

/** Whether two are the same to AWS, which rounds a start to the second, and gives a recurring action its next one. */
export function isSameAction(one: ScheduledAction, other: ScheduledAction): boolean {
  const second = (time: string | undefined) => (time === undefined ? undefined : wholeSeconds(instantOf(time)));
  const same = isDeepStrictEqual(valuesOf(one), valuesOf(other)) && second(one.end) === second(other.end);
  return same && (one.recurrence !== undefined || second(one.start) === second(other.start));
}

const valuesOf = ({ name, min, max, desired, recurrence, timeZone }: ScheduledAction) => [
  ...[name, min, max, desired],
  ...[recurrence, timeZone],
];

/** True for an action that will never run again. */
export function isOver(action: ScheduledAction, now: number): boolean {
  if (action.end && instantOf(action.end) <= now) return true;
  return !action.recurrence && (!action.start || instantOf(action.start) <= now);
}

function refuse(group: string, failed: { ScheduledActionName?: string; ErrorMessage?: string }[]): void {
  if (failed.length === 0) return;
  const details = failed.map((one) => `${one.ScheduledActionName}: ${one.ErrorMessage}`);
  throw new PipelineError('scheduled-actions.refused', `scheduled actions of ${group} were refused`, { details });
}
