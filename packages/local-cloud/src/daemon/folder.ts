import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, usageError } from '@golden-pipeline/shared/errors';

/**
 * Makes the folder of a cloud's state, with those above it, for its owner only.
 * @param dir absolute path
 * @throws usage error `local.folder` when it cannot be made or written to
 */
export function makeFolder(dir: string): void {
  try {
    // Not `recursive`: Node.js repeats that forever where the system answers ENOENT, as in /proc.
    for (const folder of missingFolders(dir)) makeOne(folder);
    if (!statSync(dir).isDirectory()) throw new Error('it is a file');
    accessSync(dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw usageError(
      'local.folder',
      `${JSON.stringify(dir)} cannot be the folder of the local cloud: ${messageOf(error)}`,
      'name a folder that you may write to: PIPELINE_LOCAL_DIR=/path pipeline local up',
    );
  }
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process has made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** The folders of a path that do not exist, the uppermost first. */
function missingFolders(dir: string): string[] {
  const missing: string[] = [];
  for (let at = dir; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) missing.unshift(at);
  return missing;
}
