import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** The host's program `name`, by PATH and then where daemons live, which an ordinary user's PATH leaves out. */
export function findTool(name: string, path: string = process.env.PATH ?? ''): string | undefined {
  const folders = [...path.split(':').filter(Boolean), '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  return folders.map((folder) => join(folder, name)).find(executable);
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
