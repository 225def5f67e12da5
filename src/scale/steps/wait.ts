import { PipelineError } from '@golden-pipeline/shared/errors';
import { readTargets } from '../../aws/balancers.ts';
import { isTimeout } from '../../engine/poll.ts';
import { consecutive } from '../../fleet/consecutive.ts';
import { explained, explainGroup } from '../../fleet/explain.ts';
import { times } from '../../fleet/services.ts';
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
    let last = 0;
    try {
      await context.poll({
        what: `${scale.to} instances of ${group} to be healthy`,
        read: async () =>
          (await readTargets(aws.elb, targetGroupArn)).filter((target) => target.state === 'healthy').length,
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
      if (!isTimeout(error)) throw error;
      const { causes, fix } = await explained(explainGroup(context, group, targetGroupArn));
      throw new PipelineError(
        'scale.short',
        `${last} of ${scale.to} instances of ${group} are healthy after ${fleet.release.timeouts.refresh} s; they stay, and Auto Scaling goes on trying`,
        {
          fix: `${fix === undefined ? '' : `${fix}; `}pipeline scale ${fleet.app} --status shows how far it is; pipeline scale ${fleet.app} --cancel returns it to its usual size`,
          details: causes,
        },
      );
    }
  },
};
