import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { replaceInstance } from '../../aws/groups.ts';
import { isTimeout } from '../../engine/poll.ts';
import { consecutive } from '../../fleet/consecutive.ts';
import { assertStillOn } from '../../fleet/serves-otherwise.ts';
import { type ContextWith, type StepWith, times } from '../../fleet/services.ts';
import { smokeFailures } from '../../fleet/smoke.ts';
import { findHosts } from '../in-place-hosts.ts';
import { recordRolledBack } from '../record-rolled-back.ts';
import type { InPlaceState } from '../state.ts';

type Context = ContextWith<InPlaceState>;

/** The traffic is looked at so often at least while it changes over, in milliseconds. */
const lookEveryMs = 250;

/** Terminates the hosts that could not switch in place, and sees that the old version is what is served. What it finds undoes nothing. */
export const confirmServingInPlace: StepWith<InPlaceState> = {
  id: 'confirm-serving',
  title: 'Confirm that the old version serves',
  describe: ({ state, services: { fleet } }) => [
    'hosts that could not switch leave the load balancer and are replaced from the old image',
    `${fleet.release.smokeTests.length} smoke test(s) find ${state.version} in ${fleet.release.healthyReads} consecutive readings; otherwise the hosts stay on ${state.version} and the run ends with exit code 4`,
  ],
  complete: recordServing,
  async run(context) {
    await recordServing(context);
    await replaceUnswitched(context);
    await waitTraffic(context);
  },
};

async function recordServing(context: Context): Promise<void> {
  // Completed by another process, maybe hours later: somebody may have gone to another version since.
  if (context.completing) await assertStillOn(context);
  await recordRolledBack(context);
}

/** Takes hosts that could not switch out of the load balancer; the group launches others from the pinned image. */
async function replaceUnswitched(context: Context): Promise<void> {
  const { aws } = context.services;
  const { unswitched = [], version, imageId } = context.state;
  if (unswitched.length === 0) return;
  const there = new Set((await findHosts(context, version, imageId)).hosts.map((host) => host.id));
  for (const { id, reason } of unswitched) {
    if (!there.has(id)) {
      context.note(`${id} could not switch and has left the group: ${reason}`);
      continue;
    }
    context.note(`${id} cannot switch and is replaced: ${reason}`);
    try {
      await context.change({ action: 'replace-instance', target: id, data: { why: reason } }, () =>
        replaceInstance(aws.autoScaling, context.state.group, id),
      );
    } catch (error) {
      // The refresh that follows replaces it too; until then the smoke tests tell what it serves.
      context.note(`${id} could not be taken out: ${messageOf(error)}`);
    }
  }
}

/** Waits until the smoke tests find the old version, in several consecutive readings: kept connections may see the other once more. */
async function waitTraffic(context: Context): Promise<void> {
  const { fleet } = context.services;
  const { version } = context.state;
  const steady = consecutive(fleet.release.healthyReads);
  let found: string[] = [];
  try {
    await context.poll({
      what: `${version} to be what is served`,
      read: async () => {
        found = await smokeFailures(context);
        return found.length;
      },
      until: (failures) => {
        return steady(failures === 0);
      },
      progress: () => context.progress(found.join('; ') || 'looking at what is served'),
      everyMs: Math.min(fleet.release.pollSeconds * 1000, lookEveryMs),
      timeoutMs: times(fleet, 'health').timeoutMs,
    });
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw new PipelineError('in-place.not-serving', `${version} runs on the hosts, but does not serve as it should`, {
      details: found,
      fix: `look at what it needs; the hosts still have the newer image, replace them: pipeline fast-rollback ${fleet.app} ${version} --method rolling`,
    });
  }
}
