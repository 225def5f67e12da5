import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { execa } from 'execa';
import { readCloud } from 'golden-pipeline-local-cloud/client';
import { localCloudDir } from '../../composition/surroundings.ts';
import { projectDir } from '../../config/project-dir.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

/** `pipeline local aws <words>`: the AWS CLI on the local cloud, with its endpoint, region and keys; its exit code is this one's. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const cloud = readCloud(localCloudDir(context, () => projectDir(context, options)));
  if (!cloud) {
    throw new PipelineError('local.not-running', 'the local cloud is not running', { fix: 'pipeline local up' });
  }
  // As they were typed: options of ours that the AWS CLI has as well are its own here.
  const words = context.argv.slice(context.argv.indexOf('aws') + 1);
  if (words.length === 0) {
    throw usageError('usage.no-words', 'no words for the AWS CLI given', 'pipeline local aws ec2 describe-instances');
  }
  const { endpoint, region, accessKeyId, secretAccessKey } = cloud;
  const result = await execa('aws', ['--endpoint-url', endpoint, ...words], {
    env: {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      // A profile, a session or a pager of the person's own would interfere.
      AWS_PROFILE: undefined,
      AWS_SESSION_TOKEN: undefined,
      // The AWS CLI refuses them beside an endpoint.
      AWS_USE_FIPS_ENDPOINT: undefined,
      AWS_USE_DUALSTACK_ENDPOINT: undefined,
      AWS_PAGER: '',
    },
    stdio: 'inherit',
    reject: false,
  });
  if (result.code === 'ENOENT') {
    throw usageError('tools.missing', 'not found on this computer: aws', 'apt-get install awscli');
  }
  return result.exitCode ?? exitCodes.failed;
};
