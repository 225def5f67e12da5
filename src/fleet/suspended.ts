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

/** How long a wait that may yet end by itself bears a suspended process while nothing moves, in milliseconds: a few readings. */
const patienceMs = 30_000;

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
 * For a wait on a group: ends it when somebody has suspended what it waits for, instead of at its deadline. Give it each reading.
 * @param options.atOnce Nothing that is waited for can come by itself any more. Without it the wait ends after 30 s in which nothing moved.
 * @returns throws PipelineError `group.suspended`; `moves` is a text that changes when something has moved
 */
export function suspensionWatch(
  context: Pick<RunContext<Services, object>, 'services' | 'clock'>,
  { atOnce = false }: { atOnce?: boolean } = {},
): (group: SuspendedGroup, processes: readonly Process[], moves: string) => void {
  let last: { moves: string; at: number } | undefined;
  return (group, processes, moves) => {
    const now = context.clock.now();
    const error = suspendedError(context.services.fleet, group, processes);
    if (!error) last = undefined;
    else if (last?.moves !== moves) last = { moves, at: now };
    if (error && (atOnce || now - (last?.at ?? now) >= patienceMs)) throw error;
  };
}
