import { messageOf } from '@golden-pipeline/shared/errors';
import { endTargetStickiness, isStickinessRefused, type Route, setWeights, type Weight } from '../aws/listeners.ts';
import type { RunContext } from '../engine/step.ts';
import type { Services } from './services.ts';

type Context = RunContext<Services, object>;

/**
 * Gives a sticky route other weights and lets them count for every client at once. Where the targets are sticky, too, AWS refuses that
 * as long as they are: then that ends first. A route whose clients cannot be freed still gets the weights, for all the others.
 * @param data What the journal keeps of the change.
 * @returns whether its clients are free
 */
export async function unstickWeights(
  context: Context,
  route: Route,
  wanted: Weight[],
  data: Record<string, unknown>,
): Promise<boolean> {
  const { elb } = context.services.aws;
  const set = (unstick: boolean) =>
    context.change({ action: 'set-weights', target: route.arn, data }, () =>
      setWeights(elb, route, wanted, { unstick }),
    );
  try {
    await set(true);
    return true;
  } catch (error) {
    if (!isStickinessRefused(error)) throw error;
  }
  try {
    await Promise.all(
      wanted.map(({ targetGroupArn }) =>
        context.change({ action: 'unstick-targets', target: targetGroupArn }, () =>
          endTargetStickiness(elb, targetGroupArn),
        ),
      ),
    );
  } catch (error) {
    context.note(`stickiness to targets could not be ended: ${messageOf(error)}`);
    await set(false);
    return false;
  }
  context.note('stickiness to targets is off, too: AWS has it only beside that to target groups');
  await set(true);
  return true;
}
