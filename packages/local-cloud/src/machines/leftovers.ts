import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { discard } from './images.ts';
import { imagesFolder, machinesFolder } from './layout.ts';
import { sweep } from './process-table.ts';

/**
 * Discards disks and image data that no record knows: a daemon that was killed may have made them and never have written the
 * record. Folders of copies that were cut short go too. What runs below `dir` is killed first: nothing of this cloud may run yet.
 * They are deleted with the rest of the trash.
 * @param known ids of machines that have a disk, and of images that have data
 * @returns the names of the folders
 */
export async function discardLeftovers(
  dir: string,
  known: { machines: ReadonlySet<string>; images: ReadonlySet<string> },
): Promise<string[]> {
  // The folders name the processes that still run there.
  sweep(dir);
  const stray = async (folder: string, ids: ReadonlySet<string>) =>
    (await readdir(folder).catch(() => [])).filter((name) => !ids.has(name)).map((name) => join(folder, name));
  const found = [
    ...(await stray(machinesFolder(dir), known.machines)),
    ...(await stray(imagesFolder(dir), known.images)),
  ];
  for (const folder of found) await discard(dir, folder, `left-${process.pid}-${basename(folder)}`);
  return found.map((folder) => basename(folder));
}
