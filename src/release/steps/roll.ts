import { openWatch, type Watch, watchFailure } from '../../analysis/watch.ts';
import { readGroup, setCapacity } from '../../aws/groups.ts';
import { whoCalled } from '../../config/aws-command.ts';
import { addTemplateVersion, dropTemplateVersion } from '../../fleet/add-template-version.ts';
import { explained, explainGroup } from '../../fleet/explain.ts';
import { waitFleetHealthy } from '../../fleet/health.ts';
import { pinTemplate } from '../../fleet/pin-template.ts';
import { findRefresh, refreshBack, startOwnRefresh, waitRefresh } from '../../fleet/refresh.ts';
import { makeDefault, restoreDefaultVersion } from '../../fleet/restore-template.ts';
import type { ContextWith, StepWith } from '../../fleet/services.ts';
import { type Size, sizeToRestore } from '../../fleet/size-to-restore.ts';
import { leadsBack, stopRefresh } from '../../fleet/stop-refresh.ts';
import type { RefreshPatience } from '../../fleet/suspended.ts';
import { assertRollable } from '../assert-rollable.ts';
import type { RollFacts } from '../state.ts';

type Context = ContextWith<RollFacts>;

/** Rolls the Auto Scaling group onto the image by an instance refresh. */
export const roll: StepWith<RollFacts> = {
  id: 'roll',
  title: 'Roll instances onto the new image',
  describe: ({ state, services: { fleet } }) => [
    `a new version of launch template ${fleet.names.launchTemplate}, given to the refresh as its desired configuration`,
    `instance refresh of ${state.group}, ${fleet.release.refresh.minHealthyPercentage}/${fleet.release.refresh.maxHealthyPercentage} percent healthy, automatic rollback ${leadsBack(state) ? 'on' : 'off: what served before cannot be launched'}`,
    `meanwhile the new instances are watched, and compared with ${state.current.version ?? 'nothing: there is no version before'}; a persistent failure ${leadsBack(state) ? 'rolls the refresh back' : 'stops the refresh'}`,
  ],
  async run(context) {
    await assertRollable(context);
    await refreshFleet(context);
    await fill(context);
    await waitFleetHealthy(context);
    await makeDefault(context);
  },
  find: findRefresh,
  async undo(context) {
    const changes = context.changes();
    const filled = changes.some((change) => change.action === 'set-capacity' && !change.undoing);
    await restoreSize(context);
    await restoreDefaultVersion(context);
    const started = changes.some((change) => change.action === 'start-refresh');
    if (started && !leadsBack(context.state)) await stopRefresh(context);
    else if (started && (await refreshBack(context)) && !filled) await waitFleetHealthy(context);
    await dropTemplateVersion(context);
  },
};

/**
 * Replaces every instance of the group by one from the image of this run.
 * @param patience What suspended processes do to it.
 * @throws PipelineError `roll.failed`, `group.suspended`
 */
export async function refreshFleet(context: Context, patience: RefreshPatience = {}): Promise<void> {
  const { group } = context.state;
  const template = await addTemplateVersion(context, group);
  const target = { id: template.templateId, version: template.number };
  await pinTemplate(context);
  const { alarms } = context.state;
  const watch = await openWatch(context, 'roll');
  try {
    const refreshId = await startOwnRefresh(context, group, target, {
      alarms,
      // Auto Scaling would try for hours to launch an image that is not there.
      rollback: leadsBack(context.state),
    });
    const ended = await waitRefresh(context, refreshId, {
      ...patience,
      look: () => failOnPersistentFault(context, watch),
    });
    if (ended.status !== 'Successful') {
      // Auto Scaling may give up between two looks, and has ended the instances by now.
      await watch.sample();
      const { causes, fix } = await explained(explainGroup(context, group, context.state.targetGroupArn));
      throw await watchFailure(context, watch, {
        code: 'roll.failed',
        message:
          ended.status === 'Cancelled'
            ? `somebody else has canceled the instance refresh of ${group}: ${ended.reason ?? 'no reason given'}`
            : `the instance refresh ended with status ${ended.status}: ${ended.reason ?? 'no reason given'}`,
        details: [
          ...causes,
          ...(ended.status === 'Cancelled' ? whoCalled(context.services.fleet, 'CancelInstanceRefresh') : []),
        ],
        fix: fix ?? `the image is the same that the validation instance ran; look at the activities of ${group}`,
      });
    }
    // The old instances may have left between two looks.
    if (context.state.countedSince === undefined) await context.save({ countedSince: context.clock.now() });
  } finally {
    watch.close();
  }
}

/** @throws PipelineError `roll.failed` with the evidence, as soon as a fault of the new instances is persistent */
async function failOnPersistentFault(context: Context, watch: Watch): Promise<void> {
  const found = await watch.sample();
  if (!found.some((fault) => fault.persistent)) return;
  const message = `${context.state.version} does not serve as it should`;
  throw await watchFailure(context, watch, { code: 'roll.failed', message });
}

/**
 * The first release finds an empty group: only then capacity is set, to the configured minimum.
 * Later the live capacity is nobody's but Auto Scaling's; only a minimum of 0, which the infrastructure starts with and restores
 * when it changes the group, becomes the configured one again.
 */
export async function fill(context: Context): Promise<void> {
  const { fleet, aws } = context.services;
  const group = await readGroup(aws.autoScaling, context.state.group);
  const wanted = fleet.capacity.min;
  // Somebody else has scaled it in to nothing since the run began.
  if (group.desired === 0 && (context.state.desiredBefore ?? 0) > 0) return;
  if (group.desired === 0) {
    await context.change(
      {
        action: 'set-capacity',
        target: group.name,
        data: { min: group.min, desired: group.desired, to: { min: wanted, desired: wanted } },
      },
      () => setCapacity(aws.autoScaling, group.name, { min: wanted, desired: wanted }),
    );
  } else if (group.min === 0 && wanted > 0) {
    const min = Math.min(wanted, group.desired);
    await context.change({ action: 'set-minimum', target: group.name, data: { was: 0, min } }, () =>
      setCapacity(aws.autoScaling, group.name, { min }),
    );
  }
}

/** Restores the size that {@link fill} has changed. What has another value than it was given belongs to somebody else since then. */
async function restoreSize(context: Context): Promise<void> {
  const { aws } = context.services;
  const { group } = context.state;
  const made = (action: string) =>
    context.changes().find((change) => change.action === action && !change.undoing)?.data;
  const filled = made('set-capacity') as { min: number; desired: number; to?: Size } | undefined;
  const raised = made('set-minimum') as { min: number } | undefined;
  if (!filled && !raised) return;
  const live = await readGroup(aws.autoScaling, group);
  // Journals from before it was kept do not tell what the group was given.
  const given = filled ? (filled.to ?? live) : { min: raised?.min };
  const back = sizeToRestore(live, given, { min: filled?.min ?? 0, desired: filled?.desired });
  if (Object.keys(back).length === 0) return;
  await context.change({ action: 'restore-capacity', target: group, data: { ...back } }, () =>
    setCapacity(aws.autoScaling, group, back),
  );
}
