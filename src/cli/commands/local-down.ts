import { stopCloud } from 'golden-pipeline-local-cloud/client';
import { localCloudDir } from '../../composition/surroundings.ts';
import { projectDir } from '../../config/project-dir.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeJson } from '../views/json.ts';

/** `pipeline local down`: stops the cloud and its machines; a cloud that is down already is not an error. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const stopped = await stopCloud(localCloudDir(context, () => projectDir(context, options)));
  if (options.json) writeJson(context.stdout, { stopped });
  else
    context.stdout.write(
      stopped ? 'the local cloud has stopped; its state is kept\n' : 'the local cloud was not running\n',
    );
  return exitCodes.done;
};
