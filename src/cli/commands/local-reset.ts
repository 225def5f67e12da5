import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { stopCloud } from 'golden-pipeline-local-cloud/client';
import { localCloudDir } from '../../composition/surroundings.ts';
import { projectDir } from '../../config/project-dir.ts';
import { assertCloudFolder } from '../../provision/cloud-folder.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { terminalPrompter } from '../terminal-prompter.ts';
import { writeJson } from '../views/json.ts';
import { printable } from '../views/text.ts';

/** `pipeline local reset`: stops the cloud and deletes its machines, images and records. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const dir = localCloudDir(context, () => projectDir(context, options));
  const there = existsSync(dir);
  if (there) {
    assertCloudFolder(dir);
    await terminalPrompter(context, options).confirm(`delete the local cloud's machines and images in ${dir}?`);
    await stopCloud(dir);
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
  if (options.json) writeJson(context.stdout, { removed: there, dir });
  else
    context.stdout.write(
      there ? `the local cloud is gone: ${printable(dir)} was deleted\n` : 'there is no local cloud to delete\n',
    );
  return exitCodes.done;
};
