import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2';
import { readTargets } from '../../src/aws/balancers.ts';
import { readGroups } from '../../src/aws/groups.ts';
import type { Simulated } from './simulated.ts';

/**
 * Looks at every change of the listener's weights before it is made. Returns the list, still growing, of what was wrong: a group
 * got more traffic though it had fewer healthy instances than it or the other group wants.
 */
export function watchWeights({ aws, fleet }: Simulated): string[] {
  const violations: string[] = [];
  let before = new Map<string, number>();
  aws.elb.middlewareStack.add(
    (next) => async (args) => {
      const { DefaultActions } = args.input as { DefaultActions?: Action[] };
      const listed = DefaultActions?.[0]?.ForwardConfig?.TargetGroups;
      if (listed) {
        const weights = new Map(listed.map((one) => [one.TargetGroupArn ?? '', one.Weight ?? 0]));
        for (const [arn, weight] of weights) {
          if (weight > (before.get(arn) ?? 0)) violations.push(...(await unverified(arn, weight)));
        }
        before = weights;
      }
      return next(args);
    },
    { step: 'initialize', name: 'watchWeights' },
  );

  async function unverified(arn: string, weight: number): Promise<string[]> {
    const [groups, targets] = await Promise.all([
      readGroups(aws.autoScaling, [fleet.names.group, fleet.names.greenGroup]),
      readTargets(aws.elb, arn),
    ]);
    const wanted = Math.max(...groups.map((group) => group.desired));
    const healthy = targets.filter((target) => target.state === 'healthy').length;
    return healthy >= wanted ? [] : [`${arn} got ${weight} with ${healthy} of ${wanted} healthy`];
  }

  return violations;
}
