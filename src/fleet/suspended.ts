import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Group } from '../aws/groups.ts';
import { awsCommand, whoCalled } from '../config/aws-command.ts';
import type { RunContext } from '../engine/step.ts';
import type { Services } from './services.ts';

type Fleet = Services['fleet'];
type SuspendedGroup = Pick<Group, 'name' | 'suspended' | 'suspensionReasons'>;

/** What is missing while a process is suspended; what is not here keeps no run from its end. */
const meanings = {
  Launch: 'no instance is launched',
  Terminate: 'no instance is terminated',
  AddToLoadBalancer: 'new instances are not registered with the load balancer',
  InstanceRefresh: 'no instance refresh goes on',
  HealthCheck: 'unhealthy instances are not detected',
  ReplaceUnhealthy: 'unhealthy instances are not replaced',
} as const;

/** A process of an Auto Scaling group that a run may need. */
export type Process = keyof typeof meanings;

/** Without these a group gets, loses or registers no instances. */
export const blockingProcesses: readonly Process[] = ['Launch', 'Terminate', 'AddToLoadBalancer', 'InstanceRefresh'];

/** Without these a run gets to its end, but Auto Scaling does not mend what breaks meanwhile. */
const mendingProcesses: readonly Process[] = ['HealthCheck', 'ReplaceUnhealthy'];

/** How long a wait bears a suspended process while nothing moves, in milliseconds: a few readings. */
const fewReadingsMs = 30_000;

/**
 * How long the wait for a refresh bears one, in milliseconds. Whoever suspends a process for a look resumes it within minutes, and a refresh
 * that stands still meanwhile has lost nothing.
 */
const refreshPatienceMs = 180_000;

/** What the suspension means, and the reason that Auto Scaling gives; without a full stop. */
export function suspensionText({ name, suspensionReasons }: SuspendedGroup, process: Process): string {
  const reason = suspensionReasons[process];
  return `${process} of ${name} is suspended: ${meanings[process]}${reason === undefined ? '' : ` (${reason})`}`;
}

export function resumeCommand(fleet: Pick<Fleet, 'cloud'>, name: string, processes: readonly string[]): string {
  return awsCommand(
    fleet,
    `autoscaling resume-processes --auto-scaling-group-name ${name} --scaling-processes ${processes.join(' ')}`,
  );
}

/** The error for a group that lacks one of the processes; undefined when all of them are active. */
export function suspendedError(
  fleet: Pick<Fleet, 'cloud' | 'region'>,
  group: SuspendedGroup,
  processes: readonly Process[],
): PipelineError | undefined {
  const off = processes.filter((one) => group.suspended.includes(one));
  if (off.length === 0) return undefined;
  return new PipelineError('group.suspended', off.map((one) => suspensionText(group, one)).join('; '), {
    details: whoCalled(fleet, 'SuspendProcesses'),
    fix: resumeCommand(fleet, group.name, off),
  });
}

/** True for the error of a wait that a suspended process has ended, which may stand for its time-out. */
export function isSuspended(error: unknown): error is PipelineError {
  return error instanceof PipelineError && error.code === 'group.suspended';
}

/** The processes without which a group does not become whole: nothing else brings the instances that it lacks, or registers them. */
export function neededToBeWhole(group: Group, targets: readonly { id: string }[]): Process[] {
  const counted = group.instances.filter(({ lifecycle }) => !/^Terminat|Standby|^Detach/.test(lifecycle));
  const registered = new Set(targets.map((target) => target.id));
  const missing = counted.length < group.desired;
  const unregistered = counted.some(({ id, lifecycle }) => lifecycle === 'InService' && !registered.has(id));
  return [...(missing ? (['Launch'] as const) : []), ...(unregistered ? (['AddToLoadBalancer'] as const) : [])];
}

/** Notes, for each of them once, the suspended processes without which Auto Scaling does not mend what breaks. */
export function mendingWatch(context: Pick<RunContext<Services, object>, 'note'>): (group: SuspendedGroup) => void {
  const noted = new Set<Process>();
  return (group) => {
    for (const one of mendingProcesses.filter((process) => group.suspended.includes(process) && !noted.has(process))) {
      noted.add(one);
      context.note(suspensionText(group, one));
    }
  };
}

/**
 * For a wait on a group: notes at once what somebody has suspended of what it waits for, with the command that resumes it, and ends the
 * wait when nothing has moved for a while, instead of at its deadline. Give it each reading.
 * @param options.patienceMs How long that is, in milliseconds; by default 30 s. With `Infinity` the wait goes on until its deadline.
 * @returns throws PipelineError `group.suspended`; `moves` is a text that changes when something has moved
 */
export function suspensionWatch(
  context: Pick<RunContext<Services, object>, 'services' | 'clock' | 'note'>,
  { patienceMs = fewReadingsMs }: { patienceMs?: number } = {},
): (group: SuspendedGroup, processes: readonly Process[], moves: string) => void {
  const { fleet } = context.services;
  let last: { moves: string; at: number } | undefined;
  let noted: Process[] = [];
  return (group, processes, moves) => {
    const now = context.clock.now();
    // One that was resumed meanwhile is noted again.
    noted = noted.filter((one) => group.suspended.includes(one));
    for (const one of processes.filter((process) => group.suspended.includes(process) && !noted.includes(process))) {
      noted.push(one);
      context.note(`${suspensionText(group, one)}; to resume it: ${resumeCommand(fleet, group.name, [one])}`);
    }
    const error = suspendedError(fleet, group, processes);
    if (!error) last = undefined;
    else if (last?.moves !== moves) last = { moves, at: now };
    if (error && now - (last?.at ?? now) >= patienceMs) throw error;
  };
}

/** What the wait for a refresh may do about suspended processes. */
export interface RefreshPatience {
  /** The refresh goes back. */
  back?: boolean;
  /**
   * Those that stop the refresh are only noted: what it leads to is worth waiting for until the deadline. Not `AddToLoadBalancer`, with which
   * it goes on.
   */
  endures?: boolean;
}

/**
 * As {@link suspensionWatch}, for the wait for a refresh: one reading of a suspended process must not turn it round. It has minutes for each
 * batch, so the wait ends after 180 s without a move, or half of its time where that is less.
 * @param timeoutMs The time of the wait, in milliseconds.
 */
export function refreshSuspensionWatch(
  context: Pick<RunContext<Services, object>, 'services' | 'clock' | 'note'>,
  timeoutMs: number,
  { back = false, endures = false }: RefreshPatience = {},
): (group: SuspendedGroup, moves: string) => void {
  const patienceMs = endures ? Number.POSITIVE_INFINITY : Math.min(refreshPatienceMs, timeoutMs / 2);
  const standsStill = suspensionWatch(context, { patienceMs });
  const goesOn = suspensionWatch(context);
  return (group, moves) => {
    standsStill(
      group,
      back ? blockingProcesses : blockingProcesses.filter((one) => one !== 'AddToLoadBalancer'),
      moves,
    );
    // This one does not stop a refresh: instances that serve are replaced by such that get no traffic, however much it moves.
    if (!back) goesOn(group, ['AddToLoadBalancer'], '');
  };
}
