import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const names = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** Links at the top of a host with a merged /usr, which every root folder that has the host's /usr repeats. */
export function usrLinks(): { name: string; target: string }[] {
  return names
    .filter((name) => lstatSync(join('/', name), { throwIfNoEntry: false })?.isSymbolicLink())
    .map((name) => ({ name, target: readlinkSync(join('/', name)) }));
}
