import path from 'node:path';
import { need } from '../../engine/need.ts';
import type { StepWith } from '../../fleet/services.ts';
import { archiveCommit } from '../../hosts/git/archive.ts';
import { recordRelease, runPlaybook, unpackSource, waitServes } from '../../plays/plain-playbook.ts';
import { sourceFolder } from '../../plays/plain-variables.ts';
import { describeProject, projectFiles } from '../../plays/project-files.ts';
import { assertOutOfService } from '../assert-out-of-service.ts';
import type { StageFacts } from '../state.ts';

/**
 * Runs a playbook of any kind, as a whole, on an instance without traffic: what it changes there is known to nobody. So it has no undo:
 * a builder is terminated by its own step, and a host of the fleet, which is `changedOutside` from here on, by `detach`.
 */
export const runPlaybookAsAWhole: StepWith<StageFacts> = {
  id: 'stage',
  title: 'Run the playbook on the host',
  describe: async ({ state, services: { fleet } }) => [
    `git archive of ${state.commit.slice(0, 12)} to ${sourceFolder(fleet)} on ${state.bake === 'detach' ? 'the host, which has no traffic' : 'the builder'}`,
    `ansible-playbook ${path.basename(fleet.ansible.playbook)} is run as a whole`,
    ...(await describeProject(fleet, state.project)),
    `on the host, port ${fleet.service.port} must answer ${fleet.service.healthPath} and show ${state.version}`,
    ...(state.bake === 'detach'
      ? ['when the release fails, the host is terminated: the changes of a plain playbook cannot be undone']
      : []),
  ],
  async run(context) {
    const { fleet, hosts, workDir } = context.services;
    const { version, commit, bake } = context.state;
    const host = need(context.state, 'host');
    // Before anything is changed on the host.
    await projectFiles(context, 'stage');
    const archive = path.join(workDir, `${fleet.app}-${version}.tar`);
    await archiveCommit({ ...fleet.source, commit, file: archive, signal: context.signal });
    await hosts.waitReachable(host, fleet.release.timeouts.health * 1000);
    await assertOutOfService(context);
    // A builder never serves.
    if (bake === 'detach') {
      await context.save({ activated: true, changedOutside: [`${path.basename(fleet.ansible.playbook)} is plain`] });
    }
    await unpackSource(context, host, archive);
    await assertOutOfService(context);
    await runPlaybook(context, host);
    await waitServes(context, host);
    await recordRelease(context, host);
  },
};
