import type {
  CloudState,
  GroupInstance,
  GroupRecord,
  MixedInstancesRecord,
  RefreshRecord,
  RefreshStatus,
} from '../model.ts';
import { groupNotFound, notInGroup, validationError } from './errors.ts';
import { isPending } from './lifecycle-states.ts';

/** The processes that can be suspended, as DescribeScalingProcessTypes lists them. */
export const processNames = [
  'AZRebalance',
  'AddToLoadBalancer',
  'AlarmNotification',
  'HealthCheck',
  'InstanceRefresh',
  'Launch',
  'ReplaceUnhealthy',
  'ScheduledActions',
  'Terminate',
] as const;

export type ProcessName = (typeof processNames)[number];

const activeStatuses: readonly RefreshStatus[] = [
  'Pending',
  'InProgress',
  'Baking',
  'Cancelling',
  'RollbackInProgress',
];

/** The group of that name; refuses as AWS does when there is none. */
export function requireGroup(state: CloudState, name: string | undefined): GroupRecord {
  if (!name) throw validationError('AutoScalingGroupName is required');
  const group = Object.hasOwn(state.groups, name) ? state.groups[name] : undefined;
  if (!group) throw groupNotFound(name);
  return group;
}

/** The named members of a group, in the order asked for; refuses the first that is none. */
export function requireMembers(group: GroupRecord, instanceIds: string[]): GroupInstance[] {
  return instanceIds.map((id) => {
    const member = group.instances.find((i) => i.instanceId === id);
    if (!member) throw notInGroup(id, group.name);
    return member;
  });
}

export function groupOfInstance(state: CloudState, instanceId: string): GroupRecord | undefined {
  return Object.values(state.groups).find((g) => g.instances.some((i) => i.instanceId === instanceId));
}

/** Instances that count towards the desired capacity. */
export function activeInstances(group: GroupRecord): GroupInstance[] {
  return group.instances.filter((i) => isPending(i) || i.lifecycleState === 'InService');
}

export function isSuspended(group: GroupRecord, process: ProcessName): boolean {
  return group.suspendedProcesses.includes(process);
}

/** The refresh that blocks others; a group has at most one. */
export function activeRefresh(state: CloudState, groupName: string): RefreshRecord | undefined {
  return Object.values(state.refreshes).find((r) => r.groupName === groupName && activeStatuses.includes(r.status));
}

/** What an instance is launched from. */
export interface LaunchSource {
  id: string;
  /** A number, `$Latest` or `$Default`. */
  version: string;
  /** Instead of the template's own. */
  instanceType?: string;
  /** What is launched in its stead where it has no room: the first of them that has. */
  others?: LaunchSource[];
}

/** All that may be launched, in the order in which it is tried. */
export function launchChoices(source: LaunchSource): LaunchSource[] {
  return [source, ...(source.others ?? [])];
}

/** What new instances are launched from now: the group's own template, or the refresh's while one is in progress. */
export function launchSource(group: GroupRecord, refresh: RefreshRecord | undefined): LaunchSource {
  const from = (template: { id: string; version: string }, mixed: MixedInstancesRecord | undefined): LaunchSource =>
    mixed?.instanceType ? { ...template, instanceType: mixed.instanceType, others: mixed.others } : template;
  if (refresh?.status === 'RollbackInProgress') {
    return from(refresh.previousLaunchTemplate, refresh.previousMixedInstances);
  }
  const forward = refresh && refresh.status !== 'Cancelling' ? refresh.desiredLaunchTemplate : undefined;
  if (forward) return from(forward, refresh?.desiredMixedInstances);
  return from(group.launchTemplate, group.mixedInstances);
}
