import { PipelineError } from '@golden-pipeline/shared/errors';
import { type ControlClient, controlClient, readCloud } from 'golden-pipeline-local-cloud/client';
import { localCloudDir } from '../composition/surroundings.ts';
import { projectDir } from '../config/project-dir.ts';
import type { CommandOptions } from './command.ts';
import type { CliContext } from './context.ts';

/** The controls of the running local cloud. @throws PipelineError `local.not-running`. */
export function openControl(context: CliContext, options: CommandOptions): ControlClient {
  const cloud = readCloud(localCloudDir(context, () => projectDir(context, options)));
  if (cloud) return controlClient(cloud);
  throw new PipelineError('local.not-running', 'the local cloud is not running', { fix: 'pipeline local up' });
}
