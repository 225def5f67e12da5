import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessRef, processRef } from './process-table.ts';

interface Entry {
  pid: number;
  parent: number;
  name: string;
}

/** The supervisor that has one service under it, and the logger that may be beside the service. */
const supervisor = 'runsv';
const logger = 'svlogd';

/** The processes of a machine's services by their numbers on the host: what its supervisors started, and the children of that. */
export function serviceProcesses(init: ProcessRef): ProcessRef[] {
  const children = new Map<number, Entry[]>();
  for (const entry of processes()) children.set(entry.parent, [...(children.get(entry.parent) ?? []), entry]);
  const found: number[] = [];
  const descend = (from: number, name: string, inService: boolean): void => {
    for (const child of children.get(from) ?? []) {
      const service = inService || (name === supervisor && child.name !== logger);
      if (service) found.push(child.pid);
      descend(child.pid, child.name, service);
    }
  };
  descend(init.pid, '', false);
  return found.flatMap((pid) => processRef(pid) ?? []);
}

function processes(): Entry[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      // The name may hold anything, brackets too.
      const end = stat.lastIndexOf(')');
      const parent = Number(stat.slice(end + 2).split(' ')[1]);
      return [{ pid: Number(entry), parent, name: stat.slice(stat.indexOf('(') + 1, end) }];
    } catch {
      return []; // it has exited meanwhile
    }
  });
}
