import { lstatSync, readdirSync } from 'node:fs';
import { usageError } from '@golden-pipeline/shared/errors';

/** Files that only the cloud writes: a folder without any of them is not ours to delete. */
const markers = ['cloud.json', 'state.json'];

/** @throws usage error `local.not-a-cloud` for a folder that is not a local cloud's: it must not be deleted */
export function assertCloudFolder(dir: string): void {
  if (lstatSync(dir).isDirectory()) {
    const names = readdirSync(dir);
    if (names.some((name) => markers.includes(name))) return;
    // A start that failed leaves no more than its log.
    if (names.every((name) => name === 'daemon.log')) return;
  }
  throw usageError(
    'local.not-a-cloud',
    `${dir} does not look like the folder of a local cloud: it has no ${markers.join(' or ')}`,
    'check PIPELINE_LOCAL_DIR and --project; delete the folder yourself if it is really to go',
  );
}
