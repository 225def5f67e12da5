import { messageOf } from '@golden-pipeline/shared/errors';
import pMap from 'p-map';
import { readTargets } from '../aws/balancers.ts';
import { readGroup } from '../aws/groups.ts';
import { groupMachines, type Machine } from '../aws/instances.ts';
import { type RollbackContext, times } from '../fleet/services.ts';
import { flipProgram } from '../fleet/switch-program.ts';

/** What a host said. */
export interface FlipAnswer {
  id: string;
  ok: boolean;
  /** Its program has answered; otherwise the connection failed. */
  reached: boolean;
  /** Why it did not switch. */
  reason?: string;
  /** Seconds that the host itself needed. */
  seconds?: number;
}

/** A machine that may have to switch. */
export interface FlipHost extends Machine {
  /** Its group counts it as in service. */
  inService: boolean;
}

/** The fleet as a flip sees it. */
export interface FlipLook {
  hosts: FlipHost[];
  /** Live machines of the group, also those that need not switch. */
  all: number;
}

/** A host is asked so often before it counts as one that cannot switch: a connection may break. */
const attempts = 2;
/** Milliseconds between two attempts. */
const attemptEveryMs = 1000;

/**
 * The machines of the group that may serve another version than the one to serve: all but those that the pinned template has
 * launched, or that nobody has ever switched.
 */
export async function lookForHosts(context: RollbackContext, version: string, imageId?: string): Promise<FlipLook> {
  const { aws } = context.services;
  const [group, machines] = await Promise.all([
    readGroup(aws.autoScaling, context.state.group),
    groupMachines(aws.ec2, context.state.group),
  ]);
  const lifecycles = new Map(group.instances.map((one) => [one.id, one.lifecycle]));
  const live = machines.filter(
    ({ id, state }) => ['pending', 'running'].includes(state) && !/^(Terminat|Detach)/.test(lifecycles.get(id) ?? ''),
  );
  const hosts = live
    .filter((machine) => machine.imageId !== imageId || machine.flipped !== undefined || machine.version !== version)
    .map((machine) => ({ ...machine, inService: lifecycles.get(machine.id) === 'InService' }));
  return { hosts, all: live.length };
}

/**
 * Those of the hosts that serve, or that had the time to: a machine in service may have been launched so lately that nothing answers
 * on it yet.
 */
export async function establishedHosts(context: RollbackContext, hosts: readonly FlipHost[]): Promise<string[]> {
  const { aws, fleet } = context.services;
  const targets = await readTargets(aws.elb, context.state.targetGroupArn);
  const healthy = new Set(targets.filter((target) => target.state === 'healthy').map((target) => target.id));
  const since = context.clock.now() - times(fleet, 'health').timeoutMs;
  return hosts
    .filter((host) => host.inService && (healthy.has(host.id) || host.launchedAt < since))
    .map((host) => host.id);
}

/** Switches hosts to a version, so many at a time as configured. It never rejects: what a host says is its answer. */
export async function flipHosts(
  context: RollbackContext,
  machines: readonly Machine[],
  version: string,
): Promise<FlipAnswer[]> {
  let done = 0;
  const flipOne = async (machine: Machine): Promise<FlipAnswer> => {
    const answer = await flipHost(context, machine, version);
    done++;
    context.progress(`${done} of ${machines.length} hosts switched`, { done, total: machines.length });
    return answer;
  };
  return pMap(machines, flipOne, { concurrency: context.services.fleet.release.flip.parallel });
}

async function flipHost(context: RollbackContext, machine: Machine, version: string): Promise<FlipAnswer> {
  const { fleet, hosts } = context.services;
  const { id } = machine;
  const host = { instanceId: id, address: machine.address };
  const argv = flipProgram(fleet, 'to', version);
  let reason = 'the run was stopped';
  for (let attempt = 0; attempt < attempts; attempt++) {
    // A Ctrl-C ends the pause too.
    if (attempt > 0) await context.clock.sleep(attemptEveryMs, context.signal).catch(() => undefined);
    if (context.signal.aborted) break;
    try {
      const said = await hosts.run(host, argv, { timeoutMs: fleet.release.flip.timeoutSeconds * 1000, once: true });
      const answer = readAnswer(said);
      if (answer.ok && answer.version === version) return { id, ok: true, reached: true, seconds: answer.seconds };
      return { id, ok: false, reached: true, reason: answer.reason ?? `it serves ${answer.version ?? 'nothing'}` };
    } catch (error) {
      reason = messageOf(error);
    }
  }
  return { id, ok: false, reached: false, reason };
}

function readAnswer(text: string): { ok: boolean; version?: string; reason?: string; seconds?: number } {
  try {
    return JSON.parse(text) as ReturnType<typeof readAnswer>;
  } catch {
    return { ok: false, reason: `it answered ${JSON.stringify(text.slice(0, 120))}` };
  }
}
