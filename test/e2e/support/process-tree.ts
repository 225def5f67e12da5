import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessRef, processRef } from 'golden-pipeline-local-cloud/machines';

/** A process as /proc has it. Zombies are not listed: nothing of them runs. */
export interface Listed extends ProcessRef {
  parent: number;
  name: string;
  command: string;
}

/** Every process of this host that runs now. */
export function processes(): Listed[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    const ref = Number.isInteger(pid) ? processRef(pid) : undefined;
    if (!ref) return [];
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name may hold anything, brackets too.
      const end = stat.lastIndexOf(')');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const parent = Number(stat.slice(end + 2).split(' ')[1]);
      return [{ ...ref, parent, name: stat.slice(stat.indexOf('(') + 1, end), command }];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

/** A process and all that descend from it. */
export function treeOf(root: number): Listed[] {
  const all = processes();
  const found = all.filter(({ pid }) => pid === root);
  // The list grows while it is walked, until nobody has children that are not in it.
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}
