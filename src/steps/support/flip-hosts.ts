import { readGroup } from '../../aws/groups.ts';
import { groupMachines, type Machine } from '../../aws/instances.ts';
import type { RollbackContext } from '../services.ts';
import { flipProgram } from './flip-program.ts';

/** What a host said. */
export interface FlipAnswer {
  id: string;
  ok: boolean;
  /** Why it did not switch. */
  reason?: string;
  /** Seconds that the host itself needed. */
  seconds?: number;
}

/** A host is asked so often before it counts as one that cannot switch: a connection may break. */
const attempts = 2;

/**
 * The machines of the group that may serve another version than the one to serve: all but those that the pinned template has
 * launched, or that nobody has ever switched.
 */
export async function hostsToFlip(context: RollbackContext, version: string, imageId?: string): Promise<Machine[]> {
  const { aws } = context.services;
  const [group, machines] = await Promise.all([
    readGroup(aws.autoScaling, context.state.group),
    groupMachines(aws.ec2, context.state.group),
  ]);
  const leaving = new Set(
    group.instances.filter((one) => /^(Terminat|Detach)/.test(one.lifecycle)).map((one) => one.id),
  );
  return machines.filter(
    (machine) =>
      ['pending', 'running'].includes(machine.state) &&
      !leaving.has(machine.id) &&
      (machine.imageId !== imageId || machine.flipped !== undefined || machine.version !== version),
  );
}

/** Switches hosts to a version, so many at a time as configured. It never rejects: what a host says is its answer. */
export async function flipHosts(
  context: RollbackContext,
  machines: readonly Machine[],
  version: string,
): Promise<FlipAnswer[]> {
  const answers: FlipAnswer[] = [];
  const waiting = [...machines];
  const worker = async () => {
    for (let machine = waiting.shift(); machine; machine = waiting.shift()) {
      answers.push(await flipHost(context, machine, version));
      context.progress(`${answers.length} of ${machines.length} hosts switched`, {
        done: answers.length,
        total: machines.length,
      });
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(context.services.fleet.release.flip.parallel, machines.length) }, worker),
  );
  return answers;
}

async function flipHost(context: RollbackContext, machine: Machine, version: string): Promise<FlipAnswer> {
  const { fleet, hosts } = context.services;
  const host = { instanceId: machine.id, address: machine.address };
  const argv = flipProgram(fleet, 'to', version);
  let reason = '';
  for (let attempt = 0; attempt < attempts && !context.signal.aborted; attempt++) {
    try {
      const said = await hosts.run(host, argv, { timeoutMs: fleet.release.flip.timeoutSeconds * 1000, once: true });
      const answer = readAnswer(said);
      if (answer.ok && answer.version === version) return { id: machine.id, ok: true, seconds: answer.seconds };
      return { id: machine.id, ok: false, reason: answer.reason ?? `it serves ${answer.version ?? 'nothing'}` };
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  return { id: machine.id, ok: false, reason: reason || 'the run was stopped' };
}

function readAnswer(text: string): { ok: boolean; version?: string; reason?: string; seconds?: number } {
  try {
    return JSON.parse(text) as ReturnType<typeof readAnswer>;
  } catch {
    return { ok: false, reason: `it answered ${JSON.stringify(text.slice(0, 120))}` };
  }
}
