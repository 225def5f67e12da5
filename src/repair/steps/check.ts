import { PipelineError } from '@golden-pipeline/shared/errors';
import { readImage } from '../../aws/images.ts';
import { assertUnclaimed, claimFleet, releaseClaim } from '../../fleet/claim.ts';
import { observeFleet } from '../../fleet/observe.ts';
import { assertReady } from '../../fleet/ready.ts';
import { chooseRepairHost } from '../choose-host.ts';
import { isRestored, type RepairStep, unknownImage } from '../state.ts';

/** Looks again, under the lock, whether the image is as it was planned for, and chooses the host that the new one is made from. */
export const repairCheck: RepairStep = {
  id: 'preflight',
  title: 'Check the image and the fleet',
  describe: ({ state: { group, version, commit, broken, repair, others } }) => [
    ...(broken.imageId === unknownImage
      ? ['the image that the group launches is not repaired']
      : [
          `image ${broken.imageId} of ${version}, which ${group} launches, is ${broken.state}${repair === 'nothing' ? ': there is nothing to repair' : ''}`,
        ]),
    ...(repair === 'rebake'
      ? [
          `a healthy host must show that it serves ${version}, built from commit ${commit.slice(0, 12)}: the new image is made from it`,
        ]
      : []),
    ...others.map((line) => `not repaired: ${line}`),
  ],
  async run(context) {
    const { services, state } = context;
    const { broken, repair, version, commit } = state;
    if (broken.imageId === unknownImage) {
      for (const line of state.others) context.note(`not repaired: ${line}`);
      return;
    }
    const seen = await observeFleet(services);
    const { current, group } = seen.facts;
    const now = (await readImage(services.aws.ec2, broken.imageId))?.state ?? 'gone';
    const changed = current.imageId !== broken.imageId || now !== broken.state;
    if (changed && state.restored) {
      await context.save({ unchecked: true });
      context.note(
        `${group} serves now, and launches image ${current.imageId}, which was not looked at: repair again, pipeline repair ${services.fleet.app}`,
      );
      return;
    }
    if (changed) {
      throw new PipelineError(
        'repair.changed',
        `${group} launched image ${broken.imageId}, which was ${broken.state}, when this was planned; it launches ${current.imageId} now, and ${broken.imageId} is ${now}`,
        { fix: `see how it is: pipeline status ${services.fleet.app}; then repair again` },
      );
    }
    for (const line of state.others) context.note(`not repaired: ${line}`);
    if (repair === 'nothing') {
      context.note(`image ${broken.imageId} of ${version} can be launched: there is nothing to repair`);
    }
    if (repair !== 'rebake') return;
    await assertReady(services, seen);
    await assertUnclaimed(context);
    const host = await chooseRepairHost(services, { group, version, commit, healthy: seen.healthy });
    await claimFleet(context);
    await context.save({ ...seen.facts, host });
    context.note(`${host.instanceId} serves ${version} from commit ${commit.slice(0, 12)}: the image is made from it`);
  },
  async atEnd(context) {
    if (isRestored(context.state)) await releaseClaim(context);
  },
};
