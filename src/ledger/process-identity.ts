import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Identifies a process even when its id is reused. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot (/proc/PID/stat, field 22); undefined where there is no /proc. */
  started?: string;
  /** Scope of the pid: boot and pid namespace, or the host's name where there is no /proc. */
  space: string;
}

/** The calling process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: stat(process.pid)?.started, space: space() };
}

/**
 * True only when the process has certainly exited: it ran in this boot and pid namespace, and is gone, a zombie, or its
 * pid belongs to another process. False when it runs, or when this cannot be determined here.
 */
export function isGone(identity: ProcessIdentity): boolean {
  if (identity.space !== space() || !Number.isInteger(identity.pid) || identity.pid <= 0) return false;
  if (!signalled(identity.pid)) return true;
  const now = stat(identity.pid);
  // /proc may not be readable; then only the result of the signal is known.
  if (!now) return false;
  return now.state === 'Z' || (identity.started !== undefined && now.started !== identity.started);
}

function signalled(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function stat(pid: number): { state: string; started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets, and may itself contain spaces and brackets.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, started] = [fields[0], fields[19]];
    return state === undefined || started === undefined ? undefined : { state, started };
  } catch {
    return undefined;
  }
}

let cached: string | undefined;

function space(): string {
  if (cached === undefined) {
    try {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      cached = `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
    } catch {
      cached = hostname();
    }
  }
  return cached;
}
