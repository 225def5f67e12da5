import {
  type AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  ResumeProcessesCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { observedChange } from './observed.ts';

/** An Auto Scaling group as the pipeline sees it, always read fresh. */
export interface Group {
  name: string;
  min: number;
  max: number;
  desired: number;
  launchTemplate: { id: string; version: string };
  targetGroupArns: string[];
  /** Subnets in which it launches instances, in order of preference; empty for a group created with zones only. */
  subnetIds: string[];
  zones: string[];
  suspended: string[];
  /** Why each of them is suspended, as Auto Scaling says it: `User suspended at 2026-01-31T09:00:00Z`. */
  suspensionReasons: Readonly<Record<string, string>>;
  instances: GroupMember[];
}

export interface GroupMember {
  id: string;
  /** `InService`, `Standby` ... */
  lifecycle: string;
  /** Health according to Auto Scaling, `Healthy` or `Unhealthy`. */
  health: string;
  templateVersion?: string;
}

function toGroup(group: AutoScalingGroup): Group {
  return {
    name: group.AutoScalingGroupName ?? '',
    min: group.MinSize ?? 0,
    max: group.MaxSize ?? 0,
    desired: group.DesiredCapacity ?? 0,
    launchTemplate: {
      id: group.LaunchTemplate?.LaunchTemplateId ?? '',
      version: group.LaunchTemplate?.Version ?? '$Default',
    },
    targetGroupArns: group.TargetGroupARNs ?? [],
    subnetIds: (group.VPCZoneIdentifier ?? '').split(',').filter(Boolean),
    zones: group.AvailabilityZones ?? [],
    suspended: (group.SuspendedProcesses ?? []).flatMap((process) => process.ProcessName ?? []),
    suspensionReasons: Object.fromEntries(
      (group.SuspendedProcesses ?? []).flatMap(({ ProcessName, SuspensionReason }) =>
        ProcessName && SuspensionReason ? [[ProcessName, SuspensionReason]] : [],
      ),
    ),
    instances: (group.Instances ?? []).map((instance) => ({
      id: instance.InstanceId ?? '',
      lifecycle: instance.LifecycleState ?? '',
      health: instance.HealthStatus ?? '',
      templateVersion: instance.LaunchTemplate?.Version,
    })),
  };
}

/** @throws PipelineError `group.missing` when there is no group of that name. */
export async function readGroup(autoScaling: AutoScalingClient, name: string): Promise<Group> {
  return (await readGroups(autoScaling, [name]))[0] as Group;
}

/**
 * Several groups with one call, in the order of their names.
 * @throws PipelineError `group.missing` for the first one that does not exist.
 */
export async function readGroups(autoScaling: AutoScalingClient, names: readonly string[]): Promise<Group[]> {
  const { AutoScalingGroups } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [...names] }),
  );
  return names.map((name) => {
    const found = AutoScalingGroups?.find((group) => group.AutoScalingGroupName === name);
    if (found) return toGroup(found);
    throw new PipelineError('group.missing', `there is no Auto Scaling group ${name}`, {
      fix: 'create the fleet first: deploy the infrastructure, or `pipeline local up`',
    });
  });
}

/** Moves instances to Standby; the group deregisters them from its target groups. Desired capacity decreases by their number. */
export async function enterStandby(
  autoScaling: AutoScalingClient,
  group: string,
  instanceIds: readonly string[],
): Promise<void> {
  await observedChange(
    () =>
      autoScaling.send(
        new EnterStandbyCommand({
          AutoScalingGroupName: group,
          InstanceIds: [...instanceIds],
          // Without the decrement the group would launch a replacement from the old version.
          ShouldDecrementDesiredCapacity: true,
        }),
      ),
    () => areIn(autoScaling, group, instanceIds, /^(EnteringStandby|Standby)$/),
  );
}

/** Returns instances from Standby; the group registers them again. Desired capacity increases by their number. */
export async function exitStandby(
  autoScaling: AutoScalingClient,
  group: string,
  instanceIds: readonly string[],
): Promise<void> {
  const command = new ExitStandbyCommand({ AutoScalingGroupName: group, InstanceIds: [...instanceIds] });
  await observedChange(
    () => autoScaling.send(command),
    () => areIn(autoScaling, group, instanceIds, /^(Pending|InService)/),
  );
}

async function areIn(
  autoScaling: AutoScalingClient,
  group: string,
  instanceIds: readonly string[],
  lifecycle: RegExp,
): Promise<boolean> {
  const { instances } = await readGroup(autoScaling, group);
  return instanceIds.every((id) => instances.some((one) => one.id === id && lifecycle.test(one.lifecycle)));
}

async function lifecycleOf(
  autoScaling: AutoScalingClient,
  group: string,
  instanceId: string,
): Promise<string | undefined> {
  const { instances } = await readGroup(autoScaling, group);
  return instances.find((one) => one.id === instanceId)?.lifecycle;
}

export async function suspendProcesses(
  autoScaling: AutoScalingClient,
  group: string,
  processes: string[],
): Promise<void> {
  await observedChange(
    () => autoScaling.send(new SuspendProcessesCommand({ AutoScalingGroupName: group, ScalingProcesses: processes })),
    async () => {
      const { suspended } = await readGroup(autoScaling, group);
      return processes.every((one) => suspended.includes(one));
    },
  );
}

export async function resumeProcesses(
  autoScaling: AutoScalingClient,
  group: string,
  processes: string[],
): Promise<void> {
  await observedChange(
    () => autoScaling.send(new ResumeProcessesCommand({ AutoScalingGroupName: group, ScalingProcesses: processes })),
    async () => {
      const { suspended } = await readGroup(autoScaling, group);
      return !processes.some((one) => suspended.includes(one));
    },
  );
}

/** Changes the limits or the capacity of a group. Absent values stay unchanged. */
export async function setCapacity(
  autoScaling: AutoScalingClient,
  group: string,
  capacity: { min?: number; max?: number; desired?: number },
): Promise<void> {
  await observedChange(
    () =>
      autoScaling.send(
        new UpdateAutoScalingGroupCommand({
          AutoScalingGroupName: group,
          MinSize: capacity.min,
          MaxSize: capacity.max,
          DesiredCapacity: capacity.desired,
        }),
      ),
    async () => {
      const now = await readGroup(autoScaling, group);
      return (['min', 'max', 'desired'] as const).every(
        (key) => capacity[key] === undefined || capacity[key] === now[key],
      );
    },
  );
}

/**
 * Terminates an instance of a group after deregistering it; the group launches a replacement. An instance that has
 * already left its group is not an error, as the group has already replaced it.
 */
export async function replaceInstance(
  autoScaling: AutoScalingClient,
  group: string,
  instanceId: string,
): Promise<void> {
  try {
    await observedChange(
      () =>
        autoScaling.send(
          new TerminateInstanceInAutoScalingGroupCommand({
            InstanceId: instanceId,
            ShouldDecrementDesiredCapacity: false,
          }),
        ),
      async () => /^(Terminat|$)/.test((await lifecycleOf(autoScaling, group, instanceId)) ?? ''),
    );
  } catch (error) {
    // `ValidationError: Instance Id not found - No managed instance found for instance ID: i-1`; the error has no code
    // of its own.
    if (!(error instanceof Error) || !/No managed instance found/i.test(error.message)) throw error;
  }
}

/** Makes a group launch from a numbered template version. Running instances do not change. */
export async function setTemplate(
  autoScaling: AutoScalingClient,
  group: string,
  template: { id: string; version: string },
): Promise<void> {
  await observedChange(
    () =>
      autoScaling.send(
        new UpdateAutoScalingGroupCommand({
          AutoScalingGroupName: group,
          LaunchTemplate: { LaunchTemplateId: template.id, Version: template.version },
        }),
      ),
    async () => {
      const { id, version } = (await readGroup(autoScaling, group)).launchTemplate;
      return id === template.id && version === template.version;
    },
  );
}
