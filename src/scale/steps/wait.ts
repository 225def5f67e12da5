import { PipelineError } from '@golden-pipeline/shared/errors';
import { readTargets } from '../../aws/balancers.ts';
import { type Group, readGroup } from '../../aws/groups.ts';
import { isTimeout } from '../../engine/poll.ts';
import { consecutive } from '../../fleet/consecutive.ts';
import { explained, explainGroup } from '../../fleet/explain.ts';
import { times } from '../../fleet/services.ts';
import { isSuspended, neededToBeWhole, suspensionWatch } from '../../fleet/suspended.ts';
import type { ScaleStep } from '../state.ts';

/** Waits until the fleet has its size: one look at the targets each time, however large it is. What is there stays. */
export const waitHealthy: ScaleStep = {
  id: 'wait',
  title: 'Wait for healthy instances',
  describe: ({ state: { scale }, services: { fleet } }) => [
    `${scale.to} healthy targets, for ${fleet.release.timeouts.refresh} s at most; then the healthy ones stay, and the run reports what is missing`,
  ],
  async run(context) {
    const { aws, fleet } = context.services;
    const { group, targetGroupArn, scale } = context.state;
    const steady = consecutive(fleet.release.healthyReads);
    const watch = suspensionWatch(context);
    const smaller = consecutive(fleet.release.healthyReads);
    let last = 0;
    try {
      await context.poll({
        what: `${scale.to} instances of ${group} to be healthy`,
        read: async () => {
          const [seen, targets] = await Promise.all([
            readGroup(aws.autoScaling, group),
            readTargets(aws.elb, targetGroupArn),
          ]);
          const healthy = targets.filter((target) => target.state === 'healthy').length;
          if (smaller(healthy < scale.to && seen.desired < scale.to)) throw resized(fleet.app, seen);
          watch(seen, neededToBeWhole(seen, targets), `${healthy} of ${targets.length}`);
          return healthy;
        },
        until: (healthy) => {
          last = healthy;
          return steady(healthy >= scale.to);
        },
        progress: (healthy) =>
          context.progress(`${healthy} of ${scale.to} healthy`, { done: Math.min(healthy, scale.to), total: scale.to }),
        ...times(fleet, 'refresh'),
      });
    } catch (error) {
      if (context.signal.aborted) {
        context.note(
          `${group} keeps the size of ${scale.to}; pipeline scale ${fleet.app} --cancel returns it to its usual size`,
        );
      }
      if (!isTimeout(error) && !isSuspended(error)) throw error;
      const { causes, fix } = await explained(explainGroup(context, group, targetGroupArn));
      throw new PipelineError(
        'scale.short',
        isSuspended(error)
          ? `${last} of ${scale.to} instances of ${group} are healthy, and stay. ${error.message}`
          : `${last} of ${scale.to} instances of ${group} are healthy after ${fleet.release.timeouts.refresh} s; they stay, and Auto Scaling goes on trying`,
        {
          fix: `${fix === undefined ? '' : `${fix}; `}pipeline scale ${fleet.app} --status shows how far it is; pipeline scale ${fleet.app} --cancel returns it to its usual size`,
          details: causes,
        },
      );
    }
  },
};

/** What nobody wants any more does not come. */
function resized(app: string, { name, desired }: Pick<Group, 'name' | 'desired'>): PipelineError {
  return new PipelineError('scale.resized', `somebody else has set the desired capacity of ${name} to ${desired}`, {
    fix: `it stays; see pipeline scale ${app} --status, and scale again if that is wanted`,
  });
}
