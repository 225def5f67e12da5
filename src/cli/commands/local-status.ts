import { readCloud } from '../../local-cloud/daemon/client.ts';
import { PipelineError } from '../../shared/errors.ts';
import type { CommandModule } from '../command.ts';
import { localCloudDir, projectDir } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeJson } from '../views/json.ts';

/** `pipeline local status`: where the cloud is; exit code 1 when it is not running. The secret key is not shown. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const dir = localCloudDir(context, () => projectDir(context, options));
  const cloud = readCloud(dir);
  if (!cloud) {
    throw new PipelineError('local.not-running', 'the local cloud is not running', { hint: 'pipeline local up' });
  }
  const { endpoint, region, accessKeyId } = cloud;
  if (options.json) writeJson(context.stdout, { running: true, endpoint, region, accessKeyId, dir });
  else context.stdout.write(`the local cloud is running at ${endpoint} (${region}), state in ${dir}\n`);
  return exitCodes.done;
};
