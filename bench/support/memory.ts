import { readdir, readFile } from 'node:fs/promises';

/** Memory of a process and of all that it has started, in MiB. */
export interface TreeMemory {
  /** Of the process itself. */
  own: number;
  /** Of all of them together. */
  all: number;
  processes: number;
}

/**
 * Proportional set size of a process and of its descendants, whatever namespaces those are in: what several processes share counts
 * once, each with its part of it. So the sum is what would be free without them, but for the pages that others use as well.
 * @throws Error when the memory of one of them may not be read, which would make the sum too small
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
  const sizes = new Map<number, number>();
  for (const one of tree) sizes.set(one, await proportionalMib(one));
  const all = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return { own: sizes.get(pid) ?? 0, all, processes: tree.size };
}

async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(gone);
  // The second field is the name in brackets and may hold anything, so count from the last bracket.
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

async function proportionalMib(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(gone);
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup ?? '')?.[1] ?? 0) / 1024;
}

/** A process that ended meanwhile takes nothing. */
function gone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
  return undefined;
}
