import { chmod, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { discard } from './images.ts';
import type { MachineLayout } from './layout.ts';

/** Makes a machine's /run and /tmp anew, as at each boot of a computer; what was there goes to the trash of `dir`. */
export async function freshVolatileFolders(dir: string, layout: MachineLayout, name: string): Promise<void> {
  for (const [folder, mode] of [
    [layout.run, 0o755],
    [layout.tmp, 0o1777],
  ] as const) {
    await discard(dir, folder, `${name}-${folder === layout.run ? 'run' : 'tmp'}`);
    await mkdir(folder);
    // mkdir's own mode passes through the umask.
    await chmod(folder, mode);
  }
}

/**
 * Throws when a folder that something will be mounted on, or a folder above it, is not a folder of the disk itself. Mounting follows
 * links, and bwrap makes what is missing behind them: on the host. Nothing of the machine may run, so none can change meanwhile.
 */
export async function checkMountPoints(root: string, mountPoints: string[]): Promise<void> {
  for (const mountPoint of mountPoints) {
    let path = root;
    for (const name of mountPoint.split('/').filter(Boolean)) {
      path = join(path, name);
      const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (!stat) break;
      if (!stat.isDirectory())
        throw new Error(
          `${path.slice(root.length)} on the machine's disk is not a folder, so ${mountPoint} cannot be mounted`,
        );
    }
  }
}
