import type { Fleet } from './settings.ts';

/**
 * A command of the AWS CLI that a user can run for this fleet. For a fleet of the local cloud it uses `pipeline local
 * aws`, which sets the endpoint and the keys.
 * @param args Service, operation and options, e.g. `autoscaling resume-processes ...`.
 */
export function awsCommand({ cloud }: Pick<Fleet, 'cloud'>, args: string): string {
  return cloud === 'local' ? `pipeline local aws ${args}` : `aws ${args}`;
}
