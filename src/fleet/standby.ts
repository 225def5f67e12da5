import { PipelineError } from '@golden-pipeline/shared/errors';
import { enterStandby, type Group, readGroup, resumeProcesses, setCapacity, suspendProcesses } from '../aws/groups.ts';
import { need } from '../engine/need.ts';
import type { Host } from '../hosts/types.ts';
import { explainGroup } from './explain.ts';
import type { StandbyFacts } from './facts.ts';
import { type ContextWith, type FleetGroup, times } from './services.ts';

type Context = ContextWith<FleetGroup & StandbyFacts>;

/** Auto Scaling would move instances between zones to even out the one that is missing. */
const suspendedMeanwhile = ['AZRebalance'];

/**
 * Takes the bake instance, or others, out of service and waits until their last requests have ended. Repeatable.
 * What must be restored is saved before the first change, so that it can be restored from the journal alone.
 */
export async function takeOut(context: Context, hosts: readonly Host[] = [need(context.state, 'host')]): Promise<void> {
  const { aws } = context.services;
  const ids = hosts.map((host) => host.instanceId);
  let group = await readGroup(aws.autoScaling, context.state.group);
  // It cannot be taken out before it is in service.
  const pending = group.instances.filter((one) => ids.includes(one.id) && one.lifecycle.startsWith('Pending'));
  for (const { id } of pending) await waitLifecycle(context, 'InService', id);
  if (pending.length > 0) group = await readGroup(aws.autoScaling, context.state.group);
  const members = group.instances.filter((one) => ids.includes(one.id));
  const gone = ids.find((id) => !members.some((one) => one.id === id));
  if (gone !== undefined) throw new PipelineError('host.gone', `${gone} has left the group ${group.name}`);
  const active = suspendedMeanwhile.filter((process) => !group.suspended.includes(process));
  if (!context.state.detached) {
    await context.save({ detached: { minimum: group.min, lowered: group.min, suspended: active } });
  }
  // What an earlier process of this run has saved it may not have done.
  const suspended = active.filter((process) => context.state.detached?.suspended.includes(process));
  if (suspended.length > 0) {
    await context.change({ action: 'suspend-processes', target: group.name, data: { suspended } }, () =>
      suspendProcesses(aws.autoScaling, group.name, suspended),
    );
  }
  const serving = members.filter((one) => one.lifecycle === 'InService').map((one) => one.id);
  if (serving.length > 0) {
    const capacity = group.desired - serving.length;
    // Standby lowers the desired capacity, which Auto Scaling refuses below the minimum.
    if (group.min > capacity) {
      const { lowered, minimum = group.min } = context.state.detached ?? {};
      // One that somebody else has set since an earlier Standby of this run is what they get back.
      await remember(context, { minimum: group.min === lowered ? minimum : group.min, lowered: capacity });
      await context.change({ action: 'lower-minimum', target: group.name, data: { from: group.min } }, () =>
        setCapacity(aws.autoScaling, group.name, { min: capacity }),
      );
    }
    await remember(context, { capacity });
    await context.change({ action: 'enter-standby', target: serving.join(', ') }, () =>
      enterStandby(aws.autoScaling, group.name, serving),
    );
  }
  for (const id of ids) await waitLifecycle(context, 'Standby', id);
}

/**
 * Gives the group back what {@link takeOut} has taken and nothing has returned to service: capacity, minimum, processes. Repeatable.
 * What has another value than Standby left it with was set by somebody else meanwhile, and stays.
 */
export async function restoreGroup(context: Context): Promise<void> {
  const { aws } = context.services;
  const { detached } = context.state;
  if (!detached) return;
  const group = await readGroup(aws.autoScaling, context.state.group);
  const { capacity, minimum, lowered = minimum - 1, suspended } = detached;
  if (group.desired === capacity && capacity < group.max) {
    const desired = capacity + 1;
    await context.change({ action: 'restore-capacity', target: group.name, data: { to: desired } }, () =>
      setCapacity(aws.autoScaling, group.name, { desired }),
    );
  }
  if (group.min === lowered && minimum > lowered && minimum <= group.max) {
    await context.change({ action: 'restore-minimum', target: group.name, data: { to: minimum } }, () =>
      setCapacity(aws.autoScaling, group.name, { min: minimum }),
    );
  }
  if (suspended.length > 0) {
    await context.change({ action: 'resume-processes', target: group.name, data: { resumed: suspended } }, () =>
      resumeProcesses(aws.autoScaling, group.name, suspended),
    );
  }
  await context.save({ detached: null });
}

/** Adds to what is to be restored; a capacity of undefined is forgotten. */
export async function remember(context: Context, facts: Partial<NonNullable<StandbyFacts['detached']>>): Promise<void> {
  const { detached } = context.state;
  if (detached) await context.save({ detached: { ...detached, ...facts } });
}

/**
 * True when the group has no place for a host that stands by: somebody else has set the desired capacity since Standby lowered it, so
 * the group is as large as they want it without the host; or the maximum leaves no room.
 */
export function isReplaced({ state }: { state: StandbyFacts }, group: Pick<Group, 'desired' | 'max'>): boolean {
  const { capacity } = state.detached ?? {};
  return group.desired >= group.max || (capacity !== undefined && group.desired !== capacity);
}

/**
 * How many of a batch's hosts that stand by have no place: the group has launched others since Standby lowered the desired capacity, as
 * autoscaling does, or its maximum leaves no room for all. Where the capacity was lowered meanwhile, the group lacks nobody, and has a
 * place for each.
 * @param hosts How many are in Standby, and how many of the batch have left the group since they were taken out.
 */
export function countWithoutPlace(
  { state }: { state: StandbyFacts },
  { desired, max }: Pick<Group, 'desired' | 'max'>,
  { standby, gone }: { standby: number; gone: number },
): number {
  const { capacity = desired } = state.detached ?? {};
  // One that has left is what a launched one replaces first.
  const launched = Math.max(0, desired - capacity - gone);
  return Math.min(standby, Math.max(launched, desired + standby - max, 0));
}

/** Waits until the bake instance, or another, has the lifecycle. @throws PipelineError `host.gone` when it is being terminated instead */
export async function waitLifecycle(context: Context, wanted: string, other?: string): Promise<void> {
  const { fleet, aws } = context.services;
  const instanceId = other ?? need(context.state, 'host').instanceId;
  await context.poll({
    what: `${instanceId} to be ${wanted}`,
    read: async () =>
      (await readGroup(aws.autoScaling, context.state.group)).instances.find((instance) => instance.id === instanceId),
    until: (member) => {
      if (!member || /^Terminat/.test(member.lifecycle)) {
        throw new PipelineError('host.gone', `${instanceId} was terminated while it should become ${wanted}`);
      }
      return member.lifecycle === wanted;
    },
    progress: (member) => context.progress(`${instanceId} is ${member?.lifecycle}`),
    explain: explainGroup(context, context.state.group, context.state.targetGroupArn),
    ...times(fleet, 'drain'),
  });
}
