import { rmSync } from 'node:fs';
import { copyFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as real from '../../../src/hosts/git/archive.ts';

/* Replaces src/hosts/git/archive.ts in the bundle of the simulation, for the reason of memoized-git.ts. */

const archives = new Map<string, Promise<string>>();

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** As the real one, made once for each commit and folder and then copied. */
export async function archiveCommit(request: Parameters<typeof real.archiveCommit>[0]): Promise<void> {
  const { repository, path, commit, file } = request;
  const key = JSON.stringify([repository, path, commit]);
  const made = archives.get(key) ?? make(request);
  archives.set(key, made);
  await copyFile(await made, file);
}

async function make({ repository, path, commit }: Parameters<typeof real.archiveCommit>[0]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gp-archive-'));
  folders.push(folder);
  const file = join(folder, 'archive.tar');
  await real.archiveCommit({ repository, path, commit, file });
  return file;
}
