import path from 'node:path';
import { messageOf } from '@golden-pipeline/shared/errors';
import { readInstance } from '../../aws/instances.ts';
import { need } from '../../engine/need.ts';
import type { ContextWith, Services, StepWith } from '../../fleet/services.ts';
import { takeOut } from '../../fleet/standby.ts';
import { terminateBakeInstance } from '../../fleet/terminate-host.ts';
import { archiveCommit } from '../../hosts/git/archive.ts';
import type { ProjectFiles } from '../../hosts/project/checkout.ts';
import { terminateChangedInstance } from '../../plays/changed-outside.ts';
import { playRelease } from '../../plays/play.ts';
import { assertMayServe } from '../../plays/playbook/detach-first.ts';
import { describeProject, projectFiles } from '../../plays/project-files.ts';
import { readCurrent } from '../../plays/read-back.ts';
import { assertOutOfService } from '../assert-out-of-service.ts';
import type { StageFacts } from '../state.ts';

/** Starts the new environment for the first time, once its migration was done: the same play, which finds it built. */
export const startStaged: StepWith<StageFacts> = {
  id: 'start-staged',
  title: 'Start the new environment beside the old one',
  describe: ({ state, services: { fleet } }) => [
    `ansible-playbook starts ${state.version} on port ${fleet.service.stagingPort} of ${stagesOn(state)}`,
    mustAnswer(fleet),
  ],
  async run(context) {
    const host = need(context.state, 'host');
    const files = await projectFiles(context, 'stage');
    await context.services.hosts.waitReachable(host, context.services.fleet.release.timeouts.health * 1000);
    await assertPlayable(context, files);
    await context.change({ action: 'start-environment', target: host.instanceId }, () => playRelease(context, 'stage'));
  },
  // What it starts it stops again; the folder, and what may still run in it, are removed by the undo of `stage`.
  undo: async () => undefined,
};

const buildsOnly = ({ migration }: StageFacts) => migration?.when === 'before-roll';

const mustAnswer = ({ service }: Services['fleet']) => `${service.healthPath} must answer there; nothing is switched`;

/** Plays that may change anything run on a host without traffic only. */
async function assertPlayable(context: ContextWith<StageFacts>, files: ProjectFiles): Promise<void> {
  const { bake, detachFirst } = context.state;
  if (bake === 'detach' && !detachFirst) await assertMayServe(context.services, context.state, files);
  if (detachFirst) await assertOutOfService(context);
}

/** Where the new environment is built, in words. */
function stagesOn({ bake, detachFirst }: Pick<StageFacts, 'bake' | 'detachFirst'>): string {
  if (bake === 'builder') return 'the builder';
  return detachFirst ? 'the host, which is out of the load balancer' : 'a host that still serves';
}

/** Builds the new environment beside the old one, on a host that still serves unless it was detached first; nothing is switched. */
export const stage: StepWith<StageFacts> = {
  id: 'stage',
  title: 'Build the new environment on the host',
  describe: async ({ state, services: { fleet } }) => [
    `git archive of ${state.commit.slice(0, 12)} to ${stagesOn(state)}`,
    `ansible-playbook builds /srv/${fleet.app}/releases/${state.version}${buildsOnly(state) ? '; it is started after the migration' : ` and starts it on port ${fleet.service.stagingPort}`}`,
    ...(await describeProject(fleet, state.project)),
    ...(buildsOnly(state) ? [] : [mustAnswer(fleet)]),
  ],
  async run(context) {
    const { fleet, hosts, workDir } = context.services;
    const { version, commit, migration } = context.state;
    const host = need(context.state, 'host');
    // Before anything is changed on the host.
    const files = await projectFiles(context, 'stage');
    const archive = path.join(workDir, `${fleet.app}-${version}.tar`);
    await archiveCommit({ ...fleet.source, commit, file: archive, signal: context.signal });
    await hosts.waitReachable(host, fleet.release.timeouts.health * 1000);
    await assertPlayable(context, files);
    const variables = {
      ...(migration && { release_migrate: true }),
      ...(buildsOnly(context.state) && { release_build_only: true }),
    };
    await context.change({ action: 'stage-environment', target: host.instanceId }, () =>
      playRelease(context, 'stage', archive, variables),
    );
  },
  async undo(context) {
    const { host, bake } = context.state;
    if (!host || bake === 'builder' || !context.changes().some((change) => change.action === 'stage-environment'))
      return;
    const instance = await readInstance(context.services.aws.ec2, host.instanceId);
    if (instance?.state !== 'running') return;
    if (context.state.changedOutside) return terminateChangedInstance(context);
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
        return terminateBakeInstance(context);
      }
    }
    try {
      // Somebody else may have returned it to service.
      if (context.state.detachFirst) await takeOut(context);
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
      return terminateBakeInstance(context);
    }
    // The play that removes the environment is the whole playbook, too.
    if (context.state.changedOutside) return terminateChangedInstance(context);
    // A part of the release role, played by itself, may have switched it; what is not validated never serves by an undo.
    const { version, detachFirst } = context.state;
    if (!detachFirst || (await readCurrent(context, host)) !== version) return;
    context.note(`a play has switched ${host.instanceId} to ${version}: it is terminated`);
    await terminateBakeInstance(context);
  },
};
