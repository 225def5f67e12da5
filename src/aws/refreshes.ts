import {
  type AutoScalingClient,
  CancelInstanceRefreshCommand,
  DescribeInstanceRefreshesCommand,
  type InstanceRefresh,
  RollbackInstanceRefreshCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import type { Fleet } from '../config/settings.ts';
import { awsCode } from './errors.ts';
import { isAmbiguous, observedChange } from './observed.ts';

/** An instance refresh as the pipeline sees it. */
export interface Refresh {
  id: string;
  status: string;
  reason?: string;
  percentage: number;
  /** Instances still to be replaced. */
  remaining: number;
  templateVersion?: string;
}

const terminal = ['Successful', 'Failed', 'Cancelled', 'RollbackFailed', 'RollbackSuccessful'];

/** True while a refresh changes the group. */
export function isActive(refresh: Refresh | undefined): refresh is Refresh {
  return refresh !== undefined && !hasEnded(refresh.status);
}

/** True for a final status of a refresh. */
export function hasEnded(status: string): boolean {
  return terminal.includes(status);
}

function toRefresh(refresh: InstanceRefresh): Refresh {
  return {
    id: refresh.InstanceRefreshId ?? '',
    status: refresh.Status ?? '',
    reason: refresh.StatusReason,
    percentage: refresh.PercentageComplete ?? 0,
    remaining: refresh.InstancesToUpdate ?? 0,
    templateVersion: refresh.DesiredConfiguration?.LaunchTemplate?.Version,
  };
}

/** The newest refresh of a group, or the one with `id`. */
export async function readRefresh(
  autoScaling: AutoScalingClient,
  group: string,
  id?: string,
): Promise<Refresh | undefined> {
  const { InstanceRefreshes } = await autoScaling.send(
    new DescribeInstanceRefreshesCommand({
      AutoScalingGroupName: group,
      InstanceRefreshIds: id ? [id] : undefined,
      MaxRecords: 1,
    }),
  );
  return InstanceRefreshes?.[0] && toRefresh(InstanceRefreshes[0]);
}

/**
 * Starts a refresh onto a numbered template version. The version is given as DesiredConfiguration, so the group keeps
 * the old version until the refresh has succeeded, and an automatic rollback returns to it. An active refresh to the
 * same version is adopted.
 */
export async function startRefresh(
  autoScaling: AutoScalingClient,
  group: string,
  template: { id: string; version: string },
  preferences: Fleet['release']['refresh'],
  { rollback = true, alarms = [] }: { rollback?: boolean; alarms?: readonly string[] } = {},
): Promise<string> {
  try {
    const { InstanceRefreshId } = await autoScaling.send(
      new StartInstanceRefreshCommand({
        AutoScalingGroupName: group,
        Strategy: 'Rolling',
        DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: template.id, Version: template.version } },
        Preferences: {
          MinHealthyPercentage: preferences.minHealthyPercentage,
          MaxHealthyPercentage: preferences.maxHealthyPercentage,
          InstanceWarmup: preferences.instanceWarmupSeconds,
          SkipMatching: true,
          AutoRollback: rollback,
          ...(alarms.length > 0 ? { AlarmSpecification: { Alarms: [...alarms] } } : {}),
          // The default of both is Wait, which waits for an hour and then fails.
          StandbyInstances: 'Ignore',
          ScaleInProtectedInstances: 'Refresh',
        },
      }),
    );
    return InstanceRefreshId ?? '';
  } catch (error) {
    if (/^InstanceRefreshInProgress/.test(awsCode(error) ?? '') || isAmbiguous(error)) {
      const active = await readRefresh(autoScaling, group).catch(() => undefined);
      const goesThere = isActive(active) && active.templateVersion === template.version;
      if (goesThere && !/^(Cancelling|Rollback)/.test(active.status)) return active.id;
    }
    throw error;
  }
}

/** Cancels an active refresh without rolling it back; it is not an error when none is active. */
export async function cancelRefresh(autoScaling: AutoScalingClient, group: string): Promise<void> {
  try {
    await observedChange(
      () => autoScaling.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName: group })),
      async () => {
        const last = await readRefresh(autoScaling, group);
        return !isActive(last) || last.status === 'Cancelling';
      },
    );
  } catch (error) {
    if (!/ActiveInstanceRefreshNotFound/.test(awsCode(error) ?? '')) throw error;
  }
}

/** Rolls an active refresh back. False when none is active or AWS cannot roll it back: then a new refresh is needed. */
export async function rollbackRefresh(autoScaling: AutoScalingClient, group: string): Promise<boolean> {
  try {
    await observedChange(
      () => autoScaling.send(new RollbackInstanceRefreshCommand({ AutoScalingGroupName: group })),
      async () => /^Rollback/.test((await readRefresh(autoScaling, group))?.status ?? ''),
    );
    return true;
  } catch (error) {
    if (/ActiveInstanceRefreshNotFound|IrreversibleInstanceRefresh/.test(awsCode(error) ?? '')) return false;
    throw error;
  }
}
