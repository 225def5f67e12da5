import type { Fleet } from './settings.ts';

/** The default of `release.verifySeconds` by kind of cloud: on AWS long enough for the load balancer's counters. */
export const defaultVerifySeconds: Readonly<Record<Fleet['cloud'], number>> = { aws: 300, local: 60 };

/** The load balancer counts whole minutes, in seconds. */
const minute = 60;

/** Minutes besides those that are compared: the window opens within one, and CloudWatch has the last one later. */
const furtherMinutes = 2;

/** How long a window has to be for the load balancer's counters to fail a release, in seconds. */
export function secondsForCounters({ healthyReads }: Pick<Fleet['release'], 'healthyReads'>): number {
  return (healthyReads + furtherMinutes) * minute;
}

/** Says that the verify window of an environment in AWS is too short to see errors of real requests; undefined when it is not. */
export function shortWindow({ cloud, environment, release }: Fleet): string | undefined {
  const needed = secondsForCounters(release);
  // Without a baseline nothing is compared, and that was chosen.
  if (cloud !== 'aws' || release.watch.baselineSeconds === 0 || release.verifySeconds >= needed) return undefined;
  return `release.verifySeconds is ${release.verifySeconds} in ${environment}, too short to see errors of real requests off the probed paths: the load balancer counts them by the minute, and ${release.healthyReads} consecutive minutes count; set it to ${needed} or more (the default is ${defaultVerifySeconds.aws})`;
}
