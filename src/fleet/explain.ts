import { readTargets, type TargetHealth } from '../aws/balancers.ts';
import type { Explanation } from '../engine/poll.ts';
import type { RunContext } from '../engine/step.ts';
import { groupCauses } from './group-causes.ts';
import type { Services } from './services.ts';

/** What an explanation needs of a run; tasks have no more of it than this. */
type Context = Pick<RunContext<Services, object>, 'services' | 'state'> & { run?: { startedAt: number } };

/** The clock of the cloud may be behind ours by so much, in milliseconds. */
const clockSkewMs = 60_000;

/** So many targets are listed one by one. */
const shownTargets = 3;

/**
 * What the cloud says about a wait on a group that has given up: suspended processes, lifecycle hooks, failed activities, an image
 * that is gone; and about its targets, where there are some.
 */
export function explainGroup(context: Context, group: string, targetGroupArn?: string): () => Promise<Explanation> {
  return async () => {
    const { aws } = context.services;
    const { imageId } = context.state as { imageId?: string };
    const since = context.run ? context.run.startedAt - clockSkewMs : 0;
    const [causes, targets] = await Promise.all([
      groupCauses(context.services, group, { since, imageId }),
      targetGroupArn === undefined ? [] : readTargets(aws.elb, targetGroupArn),
    ]);
    const fix = causes.find((cause) => cause.fix !== undefined)?.fix;
    return {
      causes: [
        ...causes.map((cause) => cause.message),
        ...unhealthyTargets(targets.filter(({ state }) => state !== 'draining')),
      ],
      ...(fix !== undefined && { fix }),
    };
  };
}

/** What the balancer says of targets that do not serve, worded for a person; a few of them. */
export function unhealthyTargets(targets: readonly TargetHealth[]): string[] {
  const unhealthy = targets.filter((target) => target.state !== 'healthy');
  const more = unhealthy.length - shownTargets;
  return [
    ...unhealthy
      .slice(0, shownTargets)
      .map((target) => `${target.id} is ${target.state}${target.reason ? `: ${target.reason}` : ''}`),
    ...(more > 0 ? [`and ${more} more targets that are not healthy`] : []),
  ];
}

/** An explanation for an error of one's own; one that cannot be had explains nothing. */
export async function explained(explain: () => Promise<Explanation>): Promise<Explanation> {
  return explain().catch(() => ({ causes: [] }));
}
