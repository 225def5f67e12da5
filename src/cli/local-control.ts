import { readCloud } from '../local-cloud/daemon/client.ts';
import { type ControlClient, controlClient } from '../local-cloud/daemon/control-client.ts';
import { PipelineError } from '../shared/errors.ts';
import type { CommandOptions } from './command.ts';
import { type CliContext, localCloudDir, projectDir } from './context.ts';

/**
 * The controls of the running local cloud.
 * @throws PipelineError `local.not-running`.
 */
export function openControl(context: CliContext, options: CommandOptions): ControlClient {
  const cloud = readCloud(localCloudDir(context, () => projectDir(context, options)));
  if (cloud) return controlClient(cloud);
  throw new PipelineError('local.not-running', 'the local cloud is not running', { hint: 'pipeline local up' });
}
