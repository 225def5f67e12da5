import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { machineLayout, machinesFolder } from './layout.ts';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessRef {
  pid: number;
  /** Start time in clock ticks since the host's boot, field 22 of /proc/PID/stat. */
  start: string;
}

/** The running process `pid`; undefined when there is none or it is dead and only not yet reaped. */
export function processRef(pid: number): ProcessRef | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the name in brackets and may hold anything, so count from the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const start = fields[19];
  if (fields[0] === 'Z' || fields[0] === 'X' || start === undefined) return undefined;
  return { pid, start };
}

/** Whether that very process still runs. */
export function isAlive(ref: ProcessRef): boolean {
  return processRef(ref.pid)?.start === ref.start;
}

/** Sends `signal` to that very process; false when it is gone. */
export function signalProcess(ref: ProcessRef, signal: NodeJS.Signals): boolean {
  if (!isAlive(ref)) return false;
  try {
    return process.kill(ref.pid, signal);
  } catch {
    return false;
  }
}

/** Resolves when none of the processes runs any more. */
export async function allGone(refs: ProcessRef[], clock: Clock): Promise<void> {
  while (refs.some(isAlive)) await clock.sleep(5);
}

/** Variable of the environment that every process of a cloud was started with: the cloud's folder. */
export const ownerVariable = 'LOCAL_CLOUD_PROCESS_OF';

/** The same for the daemon itself, which must be found when its descriptor is lost, and does not end with its machines. */
export const daemonVariable = 'LOCAL_CLOUD_DAEMON_OF';

/** What names a process as the daemon of the cloud in `dir`, to start it with. */
export function daemonMark(dir: string): Record<string, string> {
  return { [daemonVariable]: resolve(dir) };
}

/** Daemons of the cloud in `dir` that run, this process excepted; by what they were started with, whatever their folder says. */
export function daemonsOf(dir: string): ProcessRef[] {
  return markedProcesses(daemonMark(dir));
}

/** What names a process as one of the cloud in `dir`, to start it with. */
export function ownerMark(dir: string): Record<string, string> {
  return { [ownerVariable]: resolve(dir) };
}

/**
 * Kills what a dead daemon left running below `dir`; returns what was found, still dying. The record alone is not enough: a
 * daemon that is killed right after it has started a process has not written it down, and `--die-with-parent` comes too late
 * when the parent is dead before the child has asked for it (containers/bubblewrap issue 633).
 */
export function sweep(dir: string): ProcessRef[] {
  const found: ProcessRef[] = [];
  const kill = (refs: ProcessRef[]) => {
    const fresh = refs.filter((ref) => !found.some(({ pid, start }) => pid === ref.pid && start === ref.start));
    const killed = fresh.filter((ref) => signalProcess(ref, 'SIGKILL'));
    found.push(...killed);
    return killed.length > 0;
  };
  for (const instanceId of entries(machinesFolder(dir))) kill(recordedProcesses(dir, instanceId));
  // Until a look finds nothing new: a process may have made another one between its being seen and its end.
  while (kill(markedProcesses(ownerMark(dir))));
  return found;
}

function markedProcesses(variable: Record<string, string>): ProcessRef[] {
  const mark = Object.entries(variable)[0]?.join('=') ?? '';
  return entries('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      // What it was started with, whatever it has made of that. Processes of other users are not to be read.
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)) return [];
    } catch {
      return [];
    }
    return processRef(pid) ?? [];
  });
}

function recordedProcesses(dir: string, instanceId: string): ProcessRef[] {
  try {
    const record = JSON.parse(readFileSync(join(machineLayout(dir, instanceId).processes), 'utf8'));
    return Array.isArray(record) ? record.filter((r) => Number.isInteger(r?.pid) && typeof r?.start === 'string') : [];
  } catch {
    return [];
  }
}

/** Names in a folder of /proc; none when its process has exited meanwhile, or is another user's. */
export function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
