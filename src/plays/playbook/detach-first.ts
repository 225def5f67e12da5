import { basename } from 'node:path';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import type { Services } from '../../fleet/services.ts';
import type { PlaybookInspection } from '../../hosts/playbook-inspection.ts';
import type { ProjectFiles } from '../../hosts/project/checkout.ts';
import type { Host } from '../../hosts/types.ts';
import { type CleanLists, cleanLists } from '../clean.ts';
import type { BuildFacts, InspectionFacts } from '../facts.ts';
import { plainVariables } from '../plain-variables.ts';
import { releaseVariables } from '../release-variables.ts';
import { assertReleaseRole, evaluatePlaybook, type Installer, type PlaybookKind } from './evaluate.ts';
import { installsOn } from './installs.ts';
import { differenceToOwn, ownRole } from './own-role.ts';

/** How a fleet's playbook is declared. */
export function playbookKind({ ansible }: Services['fleet']): PlaybookKind {
  return ansible.kind;
}

/** What a playbook means for the host of a release. */
export interface DetachFirst {
  /** Why the host must be out of the load balancer before a play begins, a line each; absent when plays may begin while it serves. */
  reasons?: string[];
  /** What its roles may install: checked again on the host that they will run on. */
  installers: Installer[];
  /** What is removed from the host before the image is made. */
  clean: CleanLists;
}

/**
 * Looks at the playbook of a release.
 * @param files Where plays are going to run from.
 * @param findHost The host that is to be baked, or one like it: asked what it has where roles install what is missing. Without
 * it, as for a builder, only the playbook is evaluated.
 * @throws usage error `ansible.no-release-role`, `release.clean`, and as `Hosts.inspect`
 */
export async function reasonsToDetachFirst(
  services: Pick<Services, 'fleet' | 'hosts'>,
  state: BuildFacts,
  { playbook, projectDir }: ProjectFiles,
  findHost?: () => Promise<Host | undefined>,
): Promise<DetachFirst> {
  const { fleet, hosts } = services;
  const kind = playbookKind(fleet);
  const variables = kind === 'plain' ? plainVariables(fleet, state) : releaseVariables(fleet, state, 'stage');
  const inspection = await hosts.inspect(playbook, variables, { projectDir });
  if (kind === 'plain') {
    await assertPlain(playbook, inspection);
    const reasons = [`${basename(playbook)} is declared as plain: all of it runs, and any of it may change the host`];
    return { reasons, installers: [], clean: await cleanLists(fleet) };
  }
  const evaluation = await evaluatePlaybook(inspection);
  assertReleaseRole(playbook, evaluation, kind);
  const { installers } = evaluation;
  const installs = findHost && installers.length > 0 ? await installsOn(services, await findHost(), installers) : [];
  const reasons = [...evaluation.reasons, ...installs];
  return { ...(reasons.length > 0 && { reasons }), installers, clean: await cleanLists(fleet, inspection) };
}

/**
 * Refuses to play on a host that still serves what may change it: the playbook has been edited since the release was planned, or the
 * host has other programs than the one that was queried then. A playbook of the run's own commit is the one of the plan.
 * @throws PipelineError `ansible.changes-host`
 */
export async function assertMayServe(services: Services, state: InspectionFacts, files: ProjectFiles): Promise<void> {
  const { host, installers } = state;
  const planned = installers && files.playbook !== services.fleet.ansible.playbook;
  const reasons = planned
    ? await installsOn(services, host, installers)
    : (await reasonsToDetachFirst(services, state, files, async () => host)).reasons;
  if (!reasons?.length) return;
  throw new PipelineError(
    'ansible.changes-host',
    `${basename(services.fleet.ansible.playbook)} may change ${state.host?.instanceId}, which serves; when this release was planned it did not`,
    { fix: 'release again: the new plan takes the host out of the load balancer first', details: reasons },
  );
}

/**
 * Refuses a playbook of the release role that is declared as plain: the role would not be called.
 * @throws usage error `ansible.not-plain`
 */
async function assertPlain(playbook: string, inspection: PlaybookInspection): Promise<void> {
  const folders = new Set(
    inspection.plays.flatMap(({ tasks }) =>
      tasks.flatMap(({ role, folder }) => (ownRole(role) === 'release' && folder ? [folder] : [])),
    ),
  );
  for (const folder of folders) {
    // Another role may be called so.
    if ((await differenceToOwn('release', folder)) !== undefined) continue;
    throw usageError(
      'ansible.not-plain',
      `${basename(playbook)} applies the release role, and ansible.kind says that it is 'plain'`,
      "leave ansible.kind out: 'release' is the default, and lets hosts be switched in place",
    );
  }
}
