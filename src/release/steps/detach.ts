import { readGroup } from '../../aws/groups.ts';
import { returnOrTerminate } from '../../fleet/return-host.ts';
import type { ContextWith, StepWith } from '../../fleet/services.ts';
import { takeOut } from '../../fleet/standby.ts';
import { terminateBakeInstance } from '../../fleet/terminate-host.ts';
import { terminateChangedInstance } from '../../plays/changed-outside.ts';
import type { PlayFacts } from '../../plays/facts.ts';
import { terminateLostInstance } from '../../plays/lost-identity.ts';

/** Takes the bake instance out of the load balancer and waits for the drain. */
export const detach: StepWith<PlayFacts> = {
  id: 'detach',
  title: 'Take the instance out of the load balancer',
  describe: ({ state, services: { fleet } }) => [
    ...(state.detachFirst ? ['before the first play, as plays may change more than the folder of the release:'] : []),
    ...(state.detachFirst ?? []).map((reason) => `  ${reason}`),
    `Standby for the bake instance; its requests may take up to ${fleet.balancer.deregistrationDelaySeconds} s to end`,
    'AZRebalance is suspended meanwhile, and the group minimum lowered by one where it must be',
  ],
  run: takeOut,
  async find({ services: { aws }, state: { group, host } }) {
    if (!host) return undefined;
    const { instances } = await readGroup(aws.autoScaling, group);
    return `${host.instanceId} is ${instances.find((one) => one.id === host.instanceId)?.lifecycle ?? 'gone'}`;
  },
  async undo(context) {
    if (context.state.changedOutside) await terminateChangedInstance(context);
    else if (context.state.lost) await terminateLostInstance(context);
    else if (context.state.activated) await terminateBakeInstance(context);
    else if (context.state.detached) await returnOrTerminate(context);
    else if (await isInStandby(context)) await terminateBakeInstance(context);
  },
};

/** A host that the undo of another step could not end stands by, although the group has been given back its settings. */
async function isInStandby({ services: { aws }, state: { group, host } }: ContextWith<PlayFacts>): Promise<boolean> {
  if (!host) return false;
  const { instances } = await readGroup(aws.autoScaling, group);
  return instances.some((one) => one.id === host.instanceId && one.lifecycle === 'Standby');
}
