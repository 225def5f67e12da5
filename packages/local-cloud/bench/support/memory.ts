import { readdir, readFile } from 'node:fs/promises';

/** Memory of a process and of all that it has started, in MiB. */
export interface TreeMemory {
  /** Proportional, of the process itself. */
  own: number;
  /** Proportional, of all: what several processes share counts once, each with its part of it. Other programs have parts of it, too. */
  proportional: number;
  /** Resident, of all: what they share counts for each of them, so it is never too little. */
  resident: number;
  processes: number;
}

/**
 * What a process and its descendants, whatever namespaces those are in, have in memory.
 * @throws Error when the memory of one of them may not be read, which would make the sums too small
 */
export async function treeMemory(pid: number): Promise<TreeMemory> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    const parent = /^\d+$/.test(entry) ? await parentOf(Number(entry)) : undefined;
    if (parent !== undefined) parents.set(Number(entry), parent);
  }
  const tree = new Set([pid]);
  // A child may have a smaller number than its parent, so until nothing is new.
  for (let before = 0; before !== tree.size; ) {
    before = tree.size;
    for (const [child, parent] of parents) if (tree.has(parent)) tree.add(child);
  }
  const sum = { own: 0, proportional: 0, resident: 0, processes: tree.size };
  for (const one of tree) {
    const { Pss, Rss } = await sizes(one);
    sum.proportional += Pss;
    sum.resident += Rss;
    if (one === pid) sum.own = Pss;
  }
  return sum;
}

async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(gone);
  // The second field is the name in brackets and may hold anything, so count from the last bracket.
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** In MiB. */
async function sizes(pid: number): Promise<{ Pss: number; Rss: number }> {
  const rollup = (await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(gone)) ?? '';
  const mib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
  return { Pss: mib('Pss'), Rss: mib('Rss') };
}

/** A process that ended meanwhile takes nothing. */
function gone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
  return undefined;
}
