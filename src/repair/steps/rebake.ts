import { messageOf } from '@golden-pipeline/shared/errors';
import { createImage, waitImageAvailable } from '../../aws/create-image.ts';
import { findImageByName } from '../../aws/images.ts';
import { rebootInstance } from '../../aws/instances.ts';
import { need } from '../../engine/need.ts';
import { goldenImageTags } from '../../fleet/golden-image-tags.ts';
import { heldEnvironments } from '../../fleet/held-environments.ts';
import { returnOrTerminate, returnToService } from '../../fleet/return-host.ts';
import { times } from '../../fleet/services.ts';
import { remember, takeOut } from '../../fleet/standby.ts';
import { playClean } from '../../plays/plain-playbook.ts';
import { playRelease } from '../../plays/play.ts';
import { dropImage } from '../../release/drop-image.ts';
import { detach } from '../../release/steps/detach.ts';
import type { RepairContext, RepairStep } from '../state.ts';
import { isLaunched } from './launch.ts';

/** Takes the chosen host out of the load balancer. Until the new image is launched the group cannot replace it. */
export const detachHost: RepairStep = {
  ...detach,
  async run(context) {
    await takeOut(context);
    // While nothing can be launched, no other instance has taken its place, whatever size the group has been given meanwhile.
    await remember(context, { capacity: undefined });
  },
  // Also where it has lost what a boot does not make again: nothing can be launched in its place.
  async undo(context) {
    const { detached, host, lost } = context.state;
    if (!detached || !host) return;
    if (lost) context.note(`${host.instanceId} has lost what a boot does not make again: ${lost.join(', ')}`);
    await returnOrTerminate(context);
  },
};

/** Makes the image anew from a host that serves its version, and gives the host back. Nothing is switched on it. */
export const rebake: RepairStep = {
  id: 'rebake',
  title: 'Bake the image again from the host',
  describe: ({ state: { version }, services: { fleet } }) => [
    `the host goes on with ${version}; identity and secrets are removed from it. When it loses what a boot does not make again, it is replaced at the end`,
    `CreateImage ${fleet.names.imagePrefix}${version}, which reboots it; wait until the image is available; the host returns to service`,
  ],
  async run(context) {
    const { fleet, aws, ledger } = context.services;
    const { version } = context.state;
    const imageId = context.state.imageId ?? (await create(context));
    await context.save({ imageId });
    await waitImageAvailable(aws.ec2, context.poll, imageId, {
      ...times(fleet, 'bake'),
      progress: (state) => context.progress(`image ${imageId} is ${state}`),
    });
    const name = await nameOf(context);
    await context.change({ action: 'record-image', target: version, data: { imageId } }, () =>
      ledger.updateRelease(fleet.app, version, { image: { region: fleet.region, imageId, name } }),
    );
    await returnToService(context);
    context.note(`${name} is ${imageId}`);
  },
  async undo(context) {
    const { fleet, ledger } = context.services;
    const { version, recorded } = context.state;
    await reopen(context);
    if (await isLaunched(context)) {
      context.note(`${context.state.group} launches ${context.state.imageId}, so that image stays`);
      return;
    }
    if (recorded && context.changes().some((one) => one.action === 'record-image')) {
      await context.change({ action: 'restore-record', target: version }, () =>
        ledger.updateRelease(fleet.app, version, { image: recorded }),
      );
    }
    await dropImage(context, await nameOf(context));
  },
};

/** Reboots a host that was cleaned and that no image has rebooted since, for only a boot gives it new keys. It serves again after that. */
async function reopen(context: RepairContext): Promise<void> {
  const { aws, hosts, fleet } = context.services;
  const { host } = context.state;
  const done = (action: string) => context.changes().some((one) => one.action === action && one.error === undefined);
  const imaged = context.changes().some((one) => one.action === 'create-image' && typeof one.result === 'string');
  if (!host || imaged || !done('clean-host')) return;
  try {
    await context.change({ action: 'reboot-host', target: host.instanceId }, () =>
      rebootInstance(aws.ec2, host.instanceId),
    );
    await hosts.forget(host);
    await hosts.waitReachable(host, fleet.release.timeouts.health * 1000);
  } catch (error) {
    // Whether it serves is seen when it returns; what does not is ended.
    context.note(`${host.instanceId} was cleaned for the image, and could not be rebooted: ${messageOf(error)}`);
  }
}

/** Cleans the host and begins its image; where an earlier process of the run has cleaned it, nobody can log in any more. */
async function create(context: RepairContext): Promise<string> {
  const { fleet, aws, hosts } = context.services;
  const { version, commit } = context.state;
  const host = need(context.state, 'host');
  const name = await nameOf(context);
  const cleaned = context.changes().some((one) => one.action === 'clean-host' && 'result' in one && !one.error);
  const held = context.changes().find((one) => one.action === 'clean-host')?.data.environments;
  const plain = fleet.ansible.kind === 'plain';
  const environments = Array.isArray(held) ? held.map(String) : plain ? [] : await heldEnvironments(context, host);
  if (!cleaned) {
    await context.change({ action: 'clean-host', target: host.instanceId, data: { environments } }, async () => {
      await (plain ? playClean(context, host) : playRelease(context, 'clean'));
      return true;
    });
  }
  // The host gets a new identity with the reboot of the bake.
  await hosts.forget(host);
  return context.change({ action: 'create-image', target: name }, () =>
    createImage(aws.ec2, context.poll, {
      instanceId: host.instanceId,
      name,
      description: `${fleet.app} ${version} from ${commit}, baked again`,
      tags: goldenImageTags(context, name, environments),
    }),
  );
}

/** The name that a release gives its image; with the run's id where an image that cannot be launched still has it. */
async function nameOf(context: RepairContext): Promise<string> {
  const { fleet, aws } = context.services;
  const { imageName, version } = context.state;
  if (imageName !== undefined) return imageName;
  const usual = `${fleet.names.imagePrefix}${version}`;
  const name = (await findImageByName(aws.ec2, usual)) ? `${usual}-${context.run.id}` : usual;
  await context.save({ imageName: name });
  return name;
}
