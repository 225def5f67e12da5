import type { Fleet } from './settings.ts';

/**
 * A command of the AWS CLI as a person can run it for this fleet. For a fleet of the local cloud it goes through `pipeline local aws`, which knows the
 * endpoint and the keys.
 * @param args Service, operation and options, e.g. `autoscaling resume-processes ...`.
 */
export function awsCommand({ cloud }: Pick<Fleet, 'cloud'>, args: string): string {
  return cloud === 'local' ? `pipeline local aws ${args}` : `aws ${args}`;
}
