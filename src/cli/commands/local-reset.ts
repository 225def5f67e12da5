import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { usageError } from '@golden-pipeline/shared/errors';
import { stopCloud } from 'golden-pipeline-local-cloud/client';
import { localCloudDir } from '../../composition/surroundings.ts';
import { projectDir } from '../../config/project-dir.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { terminalPrompter } from '../terminal-prompter.ts';
import { writeJson } from '../views/json.ts';

/** Files that only the cloud writes: a folder without any of them is not ours to delete. */
const markers = ['cloud.json', 'state.json'];

/** `pipeline local reset`: stops the cloud and deletes its machines, images and records. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const dir = localCloudDir(context, () => projectDir(context, options));
  const there = existsSync(dir);
  if (there) {
    refuseForeign(dir);
    await terminalPrompter(context, options).confirm(`delete the local cloud's machines and images in ${dir}?`);
    await stopCloud(dir);
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
  if (options.json) writeJson(context.stdout, { removed: there, dir });
  else
    context.stdout.write(
      there ? `the local cloud is gone: ${dir} was deleted\n` : 'there is no local cloud to delete\n',
    );
  return exitCodes.done;
};

function refuseForeign(dir: string): void {
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
