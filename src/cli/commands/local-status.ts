import { PipelineError } from '@golden-pipeline/shared/errors';
import { controlClient, readCloud } from 'golden-pipeline-local-cloud/client';
import { localCloudDir } from '../../composition/surroundings.ts';
import { projectDir } from '../../config/project-dir.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderFaults } from '../views/faults.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor, printable } from '../views/text.ts';

/** `pipeline local status`: where the cloud is and which faults are on; exit code 1 when it is not running. The secret key is not shown. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const dir = localCloudDir(context, () => projectDir(context, options));
  const cloud = readCloud(dir);
  if (!cloud) {
    throw new PipelineError('local.not-running', 'the local cloud is not running', { fix: 'pipeline local up' });
  }
  const { endpoint, region, accessKeyId } = cloud;
  const { calls, counts, faults } = await controlClient(cloud).status();
  if (options.json)
    writeJson(context.stdout, { running: true, endpoint, region, accessKeyId, dir, calls, counts, faults });
  else {
    context.stdout.write(`the local cloud is running at ${endpoint} (${region}), state in ${printable(dir)}\n`);
    const on = faults.filter(({ active }) => active);
    if (on.length > 0) {
      const colors = colorsFor(useColor(context, options, context.stdout));
      context.stdout.write(renderFaults(on, colors, context.clock.now()));
    }
  }
  return exitCodes.done;
};
