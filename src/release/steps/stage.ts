import path from 'node:path';
import { messageOf } from '@golden-pipeline/shared/errors';
import { resolveBaseImage } from '../../aws/images.ts';
import { readMachine } from '../../aws/instances.ts';
import { waitRunning } from '../../fleet/health.ts';
import { launchHelper, runTags, terminateLaunched } from '../../fleet/launch.ts';
import type { ReleaseState, ReleaseStep } from '../../fleet/services.ts';
import { endHost } from '../../fleet/terminate-host.ts';
import { archiveCommit } from '../../hosts/git/archive.ts';
import { endChangedHost } from '../../plays/changed-outside.ts';
import { playRelease } from '../../plays/play.ts';
import { assertMayServe } from '../../plays/playbook/detach-first.ts';
import { describeProject, projectFiles } from '../../plays/project-files.ts';
import { readCurrent } from '../../plays/read-back.ts';

/** Boots a throwaway machine from the current image; from the base image when there is no release yet, or when that was asked for. */
export const builder: ReleaseStep = {
  id: 'builder',
  title: 'Boot a builder instance',
  describe: ({ state, services }) => [
    `one ${services.fleet.instance.type} from ${builderSource(state, services.fleet.instance.baseImage)}`,
  ],
  async run(context) {
    const { fleet, aws, ledger } = context.services;
    const { current, base, version, unlaunchable } = context.state;
    const served = current.version === undefined || unlaunchable ? undefined : current.imageId;
    const imageId = base?.imageId ?? served ?? (await resolveBaseImage(aws.ec2, fleet.instance.baseImage)).imageId;
    // What the image comes from is what is booted here, whatever the group's template says.
    await ledger.updateRelease(fleet.app, version, { baseImageId: imageId });
    const tags = runTags(context, 'builder');
    const instanceId = await launchHelper(context, 'launch-builder', { imageId, tags });
    const { address } = await waitRunning(context, instanceId);
    await context.save({ host: { instanceId, address } });
  },
  async undo(context) {
    await terminateLaunched(context, 'launch-builder');
  },
};

/** Where the new environment is built, in words. */
function stagesOn({ bake, detachFirst }: ReleaseState): string {
  if (bake === 'builder') return 'the builder';
  return detachFirst ? 'the host, which is out of the load balancer' : 'a host that still serves';
}

/** Which image the builder starts from, in words. */
function builderSource({ base, current, unlaunchable }: ReleaseState, baseImage: string): string {
  if (base) return `the base image ${base.name} (${base.imageId})`;
  return current.version && !unlaunchable ? `the image of ${current.version}` : `the base image ${baseImage}`;
}

/** Builds the new environment beside the old one, on a host that still serves unless it was detached first; nothing is switched. */
export const stage: ReleaseStep = {
  id: 'stage',
  title: 'Build the new environment on the host',
  describe: async ({ state, services: { fleet } }) => [
    `git archive of ${state.commit.slice(0, 12)} to ${stagesOn(state)}`,
    `ansible-playbook builds /srv/${fleet.app}/releases/${state.version} and starts it on port ${fleet.service.stagingPort}`,
    ...(await describeProject(fleet, state.project)),
    `${fleet.service.healthPath} must answer there; nothing is switched`,
  ],
  async run(context) {
    const { fleet, hosts, workDir } = context.services;
    const { host, version, commit } = context.state;
    if (!host) throw new Error('no host was chosen');
    // Before anything is changed on the host.
    const files = await projectFiles(context, 'stage');
    const archive = path.join(workDir, `${fleet.app}-${version}.tar`);
    await archiveCommit({ ...fleet.source, commit, file: archive, signal: context.signal });
    await hosts.waitReachable(host, fleet.release.timeouts.health * 1000);
    if (context.state.bake === 'detach' && !context.state.detachFirst) {
      await assertMayServe(context.services, context.state, files);
    }
    await context.change({ action: 'stage-environment', target: host.instanceId }, () =>
      playRelease(context, 'stage', archive),
    );
  },
  async undo(context) {
    const { host, bake } = context.state;
    if (!host || bake === 'builder' || !context.changes().some((change) => change.action === 'stage-environment'))
      return;
    const machine = await readMachine(context.services.aws.ec2, host.instanceId);
    if (machine?.state !== 'running') return;
    if (context.state.changedOutside) return endChangedHost(context);
    const { hosts, fleet } = context.services;
    const reached = () => hosts.waitReachable(host, fleet.release.timeouts.health * 1000);
    if (!context.state.detachFirst) {
      await reached();
      try {
        await assertMayServe(context.services, context.state, await projectFiles(context, 'unstage'));
      } catch (error) {
        context.note(
          `${messageOf(error)}: ${host.instanceId} is terminated, as the new environment cannot be removed from it`,
        );
        return endHost(context);
      }
    }
    try {
      if (context.state.detachFirst) await reached();
      await context.change({ action: 'unstage-environment', target: host.instanceId }, () =>
        playRelease(context, 'unstage'),
      );
    } catch (error) {
      // Out of service, it can be replaced without anybody noticing.
      if (!context.state.detachFirst) throw error;
      context.note(
        `the new environment cannot be removed from ${host.instanceId} (${messageOf(error)}): it is terminated`,
      );
      return endHost(context);
    }
    // The play that removes the environment is the whole playbook, too.
    if (context.state.changedOutside) return endChangedHost(context);
    // A part of the release role, played by itself, may have switched it; what is not proven never serves by an undo.
    const { version, detachFirst } = context.state;
    if (!detachFirst || (await readCurrent(context, host)) !== version) return;
    context.note(`a play has switched ${host.instanceId} to ${version}: it is terminated`);
    await endHost(context);
  },
};
